# Every target only calls the command line, which works without make too: python -m tools COMMAND
PYTHON ?= python3

COMMANDS = doctor lesson further book links fetch sandbox clean notebooks kernel test test-full test-quick flakes lint lock seeds table bench bench-peers faults colab pocket test-colab test-older

.PHONY: help $(COMMANDS)

help:
	@"$(PYTHON)" -m tools --help

$(COMMANDS):
	@"$(PYTHON)" -m tools $@
