"""TMDB and Plex over real HTTP, which can be told to fail: `FakeTmdb`, `FakePlex`, and `failures`.

    with FakeTmdb() as tmdb:
        tmdb.add_show(800100, "Harbour Lights", seasons={1: 8}, tvdb_id=900100)
        tmdb.fail("/find/*", failures.status(429, retry_after=2), times=1)
        tmdb.latency = 0.1
        ...
        assert tmdb.count("/tv/800100") == 1

The fixtures `fake_tmdb` and `fake_plex` (tests/conftest.py) start one that `services` asks.
"""
