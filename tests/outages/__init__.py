"""The queue is disposable: whatever becomes of Redis, no press is applied twice, none is lost, and sends go on."""
