"""What `./run` does: servers, secrets, supervision. The web app itself knows nothing of it."""
