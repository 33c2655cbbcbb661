"""Microcontrollers: how programs are built for them with Debian's compilers, and what emulates them."""
