"""`python -m lexer_pipeline` is `lexer-pipeline`."""

import sys

from lexer_pipeline.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
