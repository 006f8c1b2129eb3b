"""`python -m sandbox`: the whole product in a browser, without any account."""

import sys

if __name__ == "__main__":
    try:
        from sandbox.demo.program import main

        sys.exit(main())
    except KeyboardInterrupt:  # Ctrl-C while the modules were still being read
        sys.exit(0)
