"""`python -m azureml.studio.modulehost.module_invoker --module-name=MODULE --flags` runs torchport for MODULE. Not by Microsoft."""
import sys

from torchport_designer import invoke

if __name__ == "__main__":
    invoke(sys.argv[1:])
