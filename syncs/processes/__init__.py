"""What `manage.py run` is made of: programs, their supervisor, the file that says what runs. No Django."""
