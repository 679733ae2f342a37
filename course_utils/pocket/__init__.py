"""The student's networks on a phone: exported, compared with Keras, and put into a page that needs no server."""
