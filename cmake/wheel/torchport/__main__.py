"""`python -m torchport` is `torchport`."""
from torchport import main

main()
