"""Microcontrollers that are emulated: whoever has no board at hand sees there what the exported C does on one."""
