"""Several hosts of one desk on this machine, each with its own line to the database, the queue and Codat."""
