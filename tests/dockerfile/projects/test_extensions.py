"""Whether an install of a project of the sources compiles a part of it."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.projects.pyproject import pyproject, setup_py


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("ext_modules=[Extension('a.b', ['b.c'])]", True),
        ("ext_modules=cythonize('b.pyx')", True),
        ("cffi_modules=['build.py:ffi']", True),
        ("ext_modules=[Extension('a.b', ['b.c'], optional=True)]", False),
        ("ext_modules=[Extension('a.b', ['b.c'])], cmdclass={'build_ext': Maybe}", False),
        ("ext_modules=[Extension('a.b', ['b.c'])], **more", False),
        ("ext_modules=found()", False),
        ("ext_modules=[]", False),
        ("packages=['a']", False),
    ],
)
def test_setup(arguments: str, expected: bool) -> None:
    project = setup_py(f"setup(name='a', {arguments})")
    assert project is not None
    assert project.compiles is expected


def test_what_depends_on_something_is_not_certain() -> None:
    text = "made = cythonize('b.pyx') if os.environ.get('FAST') else []\nsetup(ext_modules=made)"
    project = setup_py(text)
    assert project is not None
    assert not project.compiles


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[build-system]\nbuild-backend = "maturin"', True),
        ('[build-system]\nbuild-backend = "scikit_build_core.build"', True),
        ('[build-system]\nbuild-backend = "hatchling.build"', False),
        ('[[tool.setuptools.ext-modules]]\nname = "a"', True),
        ('[[tool.setuptools.ext-modules]]\nname = "a"\noptional = true', False),
    ],
)
def test_pyproject(text: str, expected: bool) -> None:
    project = pyproject(text)
    assert project is not None
    assert project.compiles is expected
