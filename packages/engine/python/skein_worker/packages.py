import importlib.metadata
import pathlib

REQUIREMENTS = pathlib.Path(__file__).parent.parent / "requirements.txt"


def describe():
    """Installed versions, those that are asked for, and whether torch, if it is there, sees CUDA."""
    required = dict(line.split("==") for line in REQUIREMENTS.read_text().split() if "==" in line)
    installed = {}
    for name in required:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed[name] = None
    cuda = False
    if installed["torch"] is not None:
        import torch

        cuda = torch.cuda.is_available()
    return {"type": "check", "required": required, "installed": installed, "cuda": cuda}
