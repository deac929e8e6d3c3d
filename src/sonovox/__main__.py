"""`python -m sonovox`: the same as the `sonovox` command."""

from sonovox.cli.main import main

if __name__ == "__main__":
    main()
