"""The engine behind `papermill --engine slareport`: papermill's own, in warm kernels.

papermill imports it with every command of its own, and while it is being imported itself: so nothing is imported here
before it is used.
"""

from __future__ import annotations

from typing import Any


class Engine:
    """papermill's engine for notebooks, with kernels forked from a process that has imported everything."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Run a notebook; see papermill's `Engine`."""
        from papermill.engines import NBClientEngine

        from slareport.managers import WarmKernelManager

        return NBClientEngine.execute_notebook(
            nb, kernel_name, **{"kernel_manager_class": WarmKernelManager, **options}
        )

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """The kernel a notebook asks for."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """The language of a notebook."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))
