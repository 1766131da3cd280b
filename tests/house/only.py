"""A contract for import-linter: these modules import nothing but what is listed.

The list also covers what stands outside the house, so a driver nobody thought of is refused like the ones
everybody knows. Refuses to look further than one step: what is allowed has a list of its own.
"""

from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules
from importlinter.domain.imports import ModuleExpression


class OnlyContract(Contract):
    """The imports of `source_modules` (with all below them) are among `allowed` (with all below them)."""

    type_name = "only"

    source_modules = fields.ListField(subfield=fields.ModuleExpressionField())
    allowed = fields.ListField(subfield=fields.ModuleExpressionField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find every import of a source module that is not allowed."""
        sources = cast(list[ModuleExpression], self.source_modules)
        patterns = [expression.expression for expression in cast(list[ModuleExpression], self.allowed)]
        modules = {module.name for module in module_expressions_to_modules(graph, sources, as_packages=True)}
        strangers = [
            (module, imported)
            for module in sorted(modules & graph.modules)
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if not any(covers(pattern, imported) for pattern in patterns)
        ]
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the imports that are not allowed."""
        for module, imported in check.metadata["strangers"]:
            output.print_error(f"- {module} -> {imported}", bold=False)


def covers(pattern: str, module: str) -> bool:
    """Tell whether the module is what the pattern names (`*` stands for one part) or lies below it."""
    wanted, found = pattern.split("."), module.split(".")
    return len(found) >= len(wanted) and all(
        part in ("*", name) for part, name in zip(wanted, found, strict=False)
    )
