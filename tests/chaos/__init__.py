"""The proof, by real processes, of "never twice, never lost".

    python -m tests.chaos --kills 300 --seed 1     kills at random       make chaos KILLS=10000 SEED=n
    python -m tests.chaos --cells                  every crash point
    python -m tests.chaos --bugs                   the harness on trial

**Kills.** Web, three senders, a refresher, two clocks, Valkey, PostgreSQL and the sandbox run as processes, started
with the house's own command lines (`crew.py`), forked from one that has loaded everything (`zygote.py`). People
press over HTTP (`pressing.py`), some twice at once. Codat answers a third of the POSTs badly, in every way of its
own catalogue (`faults.py`), heeds the idempotency key or not, and others start syncs. Each process writes what it
has in hand into a file that outlives it (`board.py`): a kill is aimed by it, and **counts only if the dead process
had work in hand**, read after its death. The state in the table is that of the row in the database right after.

    web          counts: a press being stored, or stored and not answered
    sender       counts: a request from the look before its claim until its answer is stored
    refresher    counts: the end of an accepted request being read or stored; an uncertain one being looked at
    clock        counts: a request being moved, or its nudge being published
    queue, database   count: any of the above, in any process; the database loses one of its servers, ends
                      all sessions and recovers from its log

**Time.** All processes read one offset (`clock.py`); the harness moves it and Codat's clock together, some forty
times as fast as the wall. After the last kill Codat is well again and a day goes by, so that every deadline has
passed.

**Crash points** (`cells.py`). Each way (`scenes.py`: scene, kind, how Codat answers) is lived once and its instants
(`instants.py`) are recorded: before and after each commit, connect, write and read, and in the middle of each write.
Then a forked process dies at each of them, and sweeper, reconciler and refresh bring the rest to its end
(`afterwards.py`). `--brief`, as `make test` runs it, dies at all of them too, and after each answer; but an answer is
given to one kind of request, before the last byte is written only the true one, and of four that are uncertain one
lives through all its looks.

**Two worlds** (`worlds.py`) share each run, so that both cores of a small machine have work; each has a database, a
queue and a Codat of its own. In the second one Codat honours its idempotency key and the desk was told so
(`CODAT_IDEMPOTENCY_VERIFIED`): there what is uncertain is sent again under its own key, and must not take effect twice.

**The judge** (`judge.py`) knows tables and the ledger, no code of the product. The table's lines:

    applied twice            a request had two POSTs with effect; a press two rows; a merchant two at once
    sent again without proof a further POST: after anything but a 429 whose pause was over, or without its intent
    lost                     saved to the person and not in the table; a POST that belongs to no request
    stuck                    neither final nor before a person when time was up
    told untruly             said not to have run and did; or to have ended otherwise than Codat knows
    somebody else's          the sync of another was taken for ours
    record                   the activity does not lead to the row's state, or by a move that does not exist
    columns                  health columns or days that `manage.py rebuild_health` would make otherwise (columns.py)

Any of them makes the exit code 1. **The bugs** (`bugs.py`, `trials.py`) show that it can: each is seeded, and the
judge has to see it; where the database has a net of its own against it, that is shown to hold first, and is cut
then. A harness that cannot fail proves nothing.

Two things are as they are not in production: patience with Codat is a second, not half a minute (`patience.py`),
and `Activity.at` is the database's own time, which nobody here reads."""
