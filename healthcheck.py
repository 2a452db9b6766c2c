"""Whether the Tellykeep on this machine is in order: HEALTHCHECK of the Dockerfile, and for any monitor.

Asks `/readyz` and exits 0 when the answer is 200 with the status `ok`, else 1 with one line that says why: the database is
gone, the scheduler is dead, the spool does not drain, the disk is almost full. `degraded` exits 1 also when it comes with
200: a webhook can be kept then, but somebody should look. What may be wrong, but may be a holiday as well (nothing was
received for a week), is said behind the `ok` and exits 0.

Standard library only, and nothing of `app`: this runs several times a minute for years on small machines, and
must not fail for a reason of its own. Measured in the image: 0.07 s and 16 MB, against 0.9 s and 73 MB with
the application's modules loaded.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys

DEADLINE = 5  # seconds for everything, also for a server that sends a byte at a time
LONGEST_BODY = 65536  # bytes


def addresses(bind: str) -> list[tuple[str, int]]:
    """Hosts and port to ask, in this order, for a TELLYKEEP_BIND such as `0.0.0.0:8787` or `[::]:8787`.

    Raises:
        ValueError: that is no address and port.
    """
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    if not host:
        raise ValueError("no address")
    # Who listens on :: usually takes IPv4 as well, but a container may have either of the two switched off.
    loopback = {"0.0.0.0": ["127.0.0.1"], "::": ["::1", "127.0.0.1"]}  # noqa: S104 - what is asked, not bound
    return [(name, int(port)) for name in loopback.get(host, [host])]


def ask(host: str, port: int) -> tuple[int, object]:
    """HTTP status and decoded body of `/readyz`.

    Raises:
        OSError: no answer.
        ValueError, http.client.HTTPException: an answer that is not HTTP or not JSON.
    """
    connection = http.client.HTTPConnection(host, port, timeout=DEADLINE)
    try:
        connection.request("GET", "/readyz", headers={"Accept": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read(LONGEST_BODY))
    finally:
        connection.close()


def verdict(status: int, body: object) -> tuple[bool, str]:
    """Whether the server is in order, and one line: `ok` with what may be wrong, or what is wrong."""
    if not isinstance(body, dict) or "status" not in body:
        return False, f"/readyz answered {status} with something that is not Tellykeep's"
    if status == http.client.OK and body["status"] == "ok":
        warnings = body.get("warnings")
        remarks = [str(warning) for warning in warnings] if isinstance(warnings, list) else []
        return True, " ".join(f"ok; warning: {'; '.join(remarks)}".split()) if remarks else "ok"
    return False, " ".join(f"{body['status']} ({status}): {body.get('reason') or 'no reason given'}".split())


def check(bind: str) -> tuple[bool, str]:
    """Whether the server that listens on `bind` is in order, and one line about it.

    Raises:
        TimeoutError: the deadline.
        ValueError: `bind` is no address and port.
    """
    trouble = ""
    for host, port in addresses(bind):
        try:
            return verdict(*ask(host, port))
        except TimeoutError:
            raise
        except OSError as error:
            trouble = f"nothing answers on {host} port {port}: {error.strerror or error}"
        except (ValueError, http.client.HTTPException):
            return False, f"what answers on {host} port {port} is not Tellykeep"
    return False, trouble


def give_up(_signal: int, _frame: object) -> None:
    """The deadline, which interrupts whatever waits."""
    raise TimeoutError


def main() -> int:
    """Prints the verdict and returns the exit code."""
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(DEADLINE)
    bind = os.environ.get("TELLYKEEP_BIND") or "0.0.0.0:8787"
    try:
        healthy, line = check(bind)
    except TimeoutError:
        healthy, line = False, f"no answer within {DEADLINE} seconds"
    except ValueError:
        healthy, line = False, f"TELLYKEEP_BIND is {bind!r}, which is not ADDRESS:PORT"
    print(line)  # noqa: T201 - docker inspect shows it
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
