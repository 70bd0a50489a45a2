"""`python -m chat` is `chat`."""

from chat.cli import main

if __name__ == "__main__":
    main()
