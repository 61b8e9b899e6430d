"""Real IPython shells, kernels, notebooks, prompts in terminals, and JupyterLab in a browser."""
