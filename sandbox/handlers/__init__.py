"""What the sandbox does for each route, a module per subject."""
