"""`python -m kreg`: the console script."""

from kreg.cli import main

raise SystemExit(main())
