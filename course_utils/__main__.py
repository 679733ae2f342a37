"""``python -m course_utils COMMAND``, for who has learned it so: hands over to ``python -m tools COMMAND``."""

import sys

from tools.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
