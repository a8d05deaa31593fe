"""`python -m assistant` is `shegong`."""

from assistant.cli import main

if __name__ == "__main__":
    main()
