"""``python -m rnnexp``: the ``rnnexp`` command without an installation."""

from rnnexp.cli import main

if __name__ == "__main__":
    main()
