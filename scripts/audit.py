"""Ask for known vulnerabilities of what is pinned: `python -m scripts.audit`, part of `make lint`.

It exits with 1 where there are any. Where the service cannot be asked, as offline or behind a mirror of packages, it
says so and exits with 0: a check that needs the network must not hold up work without it.
"""

from __future__ import annotations

import json
import subprocess  # nosec B404
import sys
from pathlib import Path
from typing import Any

PINNED = Path(__file__).parents[1] / "constraints.txt"
_LIMIT_S = 300


def main() -> int:
    """Print what is known and return the exit code."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(PINNED), "--no-deps", "--disable-pip", "-f", "json"]
    try:
        # A list, no shell, and nothing of it comes from outside.
        done = subprocess.run(  # nosec B603
            [*command, "--progress-spinner", "off", "--timeout", "15"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return told([], f"pip-audit gave no answer in {_LIMIT_S} s")
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return told([], (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:200])
    return told(dependencies)


def told(dependencies: list[dict[str, Any]], reason: str = "its service knows none of them") -> int:
    """Print what pip-audit says of packages, and return the exit code.

    Args:
        dependencies: as pip-audit lists them; one that its service does not know has a `skip_reason`.
        reason: why none of them was checked, if none was.
    """
    checked = [one for one in dependencies if "skip_reason" not in one]
    if not checked:
        # It would say that no vulnerabilities are known, since it knows of no package.
        print(f"pip-audit: nothing was checked ({reason}); run it where https://pypi.org answers", file=sys.stderr)  # noqa: T201
        return 0
    bad = [(one, flaw) for one in checked for flaw in one["vulns"]]
    for one, flaw in bad:
        fixed = ", ".join(flaw.get("fix_versions") or ()) or "no version yet"
        print(f"{one['name']} {one['version']}: {flaw['id']}, fixed in {fixed}", file=sys.stderr)  # noqa: T201
    print(f"pip-audit: {len(bad)} known vulnerabilities in {len(checked)} packages", file=sys.stderr)  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
