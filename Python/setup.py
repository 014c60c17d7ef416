"""Bundles libadadim.so.0 in the package, where there are a checkout and a Swift toolchain to build it.

ADADIM_SKIP_BUILD=1 leaves it out: then a library that the system knows is used, or the one that ADADIM_LIBRARY
names.
"""

import os
import pathlib
import shutil
import subprocess

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.errors import ExecError

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent
LIBRARY = CHECKOUT / ".build-library" / "lib" / "libadadim.so.0"


def reason_not_to_bundle() -> str | None:
    if os.environ.get("ADADIM_SKIP_BUILD", "0") not in ("", "0"):
        return "ADADIM_SKIP_BUILD is set"
    if not (CHECKOUT / "Package.swift").exists():
        return "this is not a checkout of AdaDim"
    missing = [tool for tool in ("swift", "make") if shutil.which(tool) is None]
    return f"{' and '.join(missing)} cannot be found" if missing else None


class BundlingDistribution(Distribution):
    def has_ext_modules(self) -> bool:
        return reason_not_to_bundle() is None


class BuildLibrary(build_py):
    def run(self) -> None:
        super().run()
        # An editable install is imported from its source directory.
        root = HERE / "src" if self.editable_mode else pathlib.Path(self.build_lib)
        target = root / "adadim" / "lib"
        # Setuptools keeps the files of an earlier build.
        shutil.rmtree(target, ignore_errors=True)
        reason = reason_not_to_bundle()
        if reason is not None:
            self.announce(f"adadim: {reason}, so that libadadim.so.0 is not bundled and must be installed", level=3)
            return
        try:
            subprocess.run(["make", "library"], cwd=CHECKOUT, check=True)
        except subprocess.CalledProcessError as error:
            raise ExecError(
                f"'make library' failed with status {error.returncode}, see above; "
                "ADADIM_SKIP_BUILD=1 installs the package without the library"
            ) from error
        target.mkdir(parents=True)
        shutil.copy2(LIBRARY, target)


class PlatformWheel(bdist_wheel):
    def get_tag(self) -> tuple[str, str, str]:
        # The library is the machine's, not a Python version's.
        python, abi, platform = super().get_tag()
        return ("py3", "none", platform) if not self.root_is_pure else (python, abi, platform)


setup(distclass=BundlingDistribution, cmdclass={"build_py": BuildLibrary, "bdist_wheel": PlatformWheel})
