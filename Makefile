# Every target only calls the command line, which works without make too: python -m course_utils COMMAND
PYTHON ?= python3

COMMANDS = doctor lesson further fetch sandbox clean notebooks test test-full flakes lint seeds table bench faults colab test-colab test-older

.PHONY: help $(COMMANDS)

help:
	@$(PYTHON) -m course_utils --help

$(COMMANDS):
	@$(PYTHON) -m course_utils $@
