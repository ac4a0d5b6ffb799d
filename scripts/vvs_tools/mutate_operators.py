# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a mutant is: one operator, constant, condition or statement of the library changed."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vvs_tools.mutate_ast import Function, Node, Span, balanced

Texts = dict[Path, str]

OPERATORS = {
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("*",),
    "<<": (">>",),
    ">>": ("<<",),
    "&": ("|",),
    "|": ("&",),
    "^": ("&",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
    "+=": ("-=",),
    "-=": ("+=",),
    "|=": ("&=",),
    "&=": ("|=",),
    "^=": ("|=",),
    "++": ("--",),
    "--": ("++",),
}
NEUTRAL = {"&&": "1", "||": "0"}  # an operand that this replaces says nothing any more
CONDITIONS = {"IfStmt": 0, "WhileStmt": 0, "ForStmt": 2, "ConditionalOperator": 0}
REMOVABLE = (
    "CallExpr",
    "CStyleCastExpr",
    "CompoundAssignOperator",
    "ReturnStmt",
    "BreakStmt",
    "ContinueStmt",
    "DoStmt",
)
LOOPS = ("WhileStmt", "ForStmt")
DECIMAL = re.compile(r"(\d+)([uUlL]*)$")
WRITTEN_LOOP = re.compile(r"do\b")
NAME = re.compile(r"\w+$")
MACRO_CONSTANT = re.compile(r"\w+(\([\w ]+(, \w+)?\))?$")
OPPOSITE = {"true": "false", "false": "true"}
SHOWN = 44  # characters of an operand in a label
MACRO = "(macro)"  # stands for the function, where a macro's own text is changed


@dataclass(frozen=True)
class Change:
    """One span of a file replaced, and how that is said."""

    span: Span
    text: str
    label: str


@dataclass(frozen=True)
class Mutant:
    """A change of the library, with a name that stays while the changed code does."""

    id: str
    function: str
    change: Change
    line: int
    column: int

    @property
    def file(self) -> str:
        return self.change.span.file.name

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.change.label}"


def shown(text: str) -> str:
    """A piece of code on one line, its middle left out where it is long."""
    line = " ".join(text.replace("\\\n", " ").split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN // 2 - 2]} ... {line[3 - SHOWN // 2 :]}"


def text_of(span: Span, texts: Texts) -> str:
    return texts[span.file][span.begin : span.end]


def whole(node: Node, texts: Texts) -> Span | None:
    """Where the node is written as a whole."""
    return next((span for span in node.spans if balanced(text_of(span, texts))), None)


def replaced(span: Span, text: str, texts: Texts) -> Change:
    return Change(span, text, f"{shown(text_of(span, texts))} -> {shown(text) or 'deleted'}")


def operator_changes(node: Node, texts: Texts) -> Iterator[Change]:
    """Another operator between two operands."""
    left, right = node.children
    opcode = node.data["opcode"]
    for before in left.spans:
        for behind in right.spans:
            between = Span(before.file, before.end, behind.begin)
            if before.file != behind.file or text_of(between, texts).strip(" \n\\") != opcode:
                continue
            begin = before.end + text_of(between, texts).index(opcode)
            sides = shown(text_of(before, texts)), shown(text_of(behind, texts))
            for other in OPERATORS.get(opcode, ()):
                label = f"{sides[0]} {opcode} {sides[1]} -> {sides[0]} {other} {sides[1]}"
                yield Change(Span(before.file, begin, begin + len(opcode)), other, label)
            return


def binary_changes(node: Node, texts: Texts) -> Iterator[Change]:
    yield from operator_changes(node, texts)
    neutral = NEUTRAL.get(node.data["opcode"])
    for operand in node.children if neutral else ():
        span = whole(operand, texts)
        if span:
            yield replaced(span, neutral, texts)


def unary_changes(node: Node, texts: Texts) -> Iterator[Change]:
    span = whole(node, texts)
    opcode = node.data["opcode"]
    if not span:
        return
    text = text_of(span, texts)
    if opcode in ("!", "~", "-") and text.startswith(opcode):
        at, other = span.begin, ""
    elif opcode in ("++", "--"):
        at = span.end - len(opcode) if node.data.get("isPostfix") else span.begin
        other = OPERATORS[opcode][0]
    else:
        return
    token = Span(span.file, at, at + len(opcode))
    if text_of(token, texts) == opcode:
        after = text.replace(opcode, other, 1).lstrip()
        yield Change(token, other, f"{shown(text)} -> {shown(after)}")


def constant_changes(node: Node, texts: Texts) -> Iterator[Change]:
    """One more, one less."""
    span = whole(node, texts)
    text = text_of(span, texts) if span else "NULL"
    number = DECIMAL.match(text)
    if text in OPPOSITE:
        yield replaced(span, OPPOSITE[text], texts)
    elif number:
        value, suffix = int(number[1]), number[2]
        for other in (value + 1, value - 1)[: 2 if value else 1]:
            yield replaced(span, f"{other}{suffix}", texts)
    elif text != "NULL" and (MACRO_CONSTANT.match(text) or text.startswith("sizeof")):
        yield replaced(span, f"({text} + 1)", texts)
        yield replaced(span, f"({text} - 1)", texts)


def name_changes(node: Node, texts: Texts) -> Iterator[Change]:
    """Another value than that of an enumerator."""
    span = whole(node, texts)
    text = text_of(span, texts) if span else ""
    if NAME.match(text) and node.data.get("referencedDecl", {}).get("kind") == "EnumConstantDecl":
        yield replaced(span, f"({text} + 1)", texts)


def condition_changes(node: Node, texts: Texts) -> Iterator[Change]:
    """A branch always taken, or never; a loop never entered."""
    index = CONDITIONS[node.kind]
    condition = node.children[index] if index < len(node.children) else None
    span = whole(condition, texts) if condition else None
    if span:
        yield replaced(span, "0", texts)
        if node.kind not in LOOPS:
            yield replaced(span, "1", texts)


def is_removable(node: Node) -> bool:
    kind = node.kind
    if kind == "BinaryOperator":
        return node.data["opcode"] == "="
    if kind == "UnaryOperator":
        return node.data["opcode"] in ("++", "--")
    return kind in REMOVABLE


def statement_changes(block: Node, parent: Node | None, texts: Texts) -> Iterator[Change]:
    """A statement left out; not the one statement of a branch, which goes with its condition, and not what
    a function ends with."""
    if parent and parent.kind == "IfStmt" and len(parent.children) == 2 and len(block.children) == 1:
        return
    for statement in block.children:
        last = statement is block.children[-1] and parent and parent.kind == "FunctionDecl"
        if not is_removable(statement) or (last and statement.kind == "ReturnStmt"):
            continue
        spans = [span for span in statement.spans if balanced(text_of(span, texts))]
        # A macro is left out where it is used. What it writes is no statement of its own, and a loop that is
        # written out goes with its condition.
        for span in reversed(spans):
            if span not in block.spans and not WRITTEN_LOOP.match(text_of(span, texts)):
                yield replaced(span, "", texts)
                break


def is_once(node: Node) -> bool:
    """The `do … while (0)` of a macro."""
    return node.kind == "DoStmt" and node.children[-1].data.get("value") == "0"


def changes(node: Node, parent: Node | None, texts: Texts) -> Iterator[Change]:
    """All changes of the node and what is below it."""
    if node.kind in ("BinaryOperator", "CompoundAssignOperator"):
        yield from binary_changes(node, texts)
    elif node.kind == "UnaryOperator":
        yield from unary_changes(node, texts)
    elif node.kind in ("IntegerLiteral", "UnaryExprOrTypeTraitExpr", "OffsetOfExpr"):
        yield from constant_changes(node, texts)
    elif node.kind == "DeclRefExpr":
        yield from name_changes(node, texts)
    elif node.kind in CONDITIONS:
        yield from condition_changes(node, texts)
    elif node.kind == "CompoundStmt":
        yield from statement_changes(node, parent, texts)
    for child in node.children[:1] if is_once(node) else node.children:
        yield from changes(child, node, texts)


def contains(outer: Span, inner: Span) -> bool:
    return outer.file == inner.file and outer.begin <= inner.begin and inner.end <= outer.end


def mutants(functions: Iterable[Function], texts: Texts) -> list[Mutant]:
    """Every mutant once, in the order of the text: what a header says is seen by each source that
    includes it."""
    found: dict[tuple[Span, str], tuple[str, Change]] = {}
    for function in functions:
        for change in changes(function.node, None, texts):
            # The last of the spans is where the function stands, even if a macro wrote it.
            inside = contains(function.node.spans[-1], change.span)
            found.setdefault((change.span, change.text), (function.name if inside else MACRO, change))
    listed = []
    counted: Counter[tuple[str, str, str]] = Counter()
    ordered = sorted(found.values(), key=lambda each: (each[1].span.file, each[1].span.begin, each[1].label))
    for function, change in ordered:
        key = (change.span.file.name, function, change.label)
        counted[key] += 1
        if counted[key] > 1:
            change = Change(change.span, change.text, f"{change.label} #{counted[key]}")
        digest = hashlib.sha256("\n".join((*key, str(counted[key]))).encode()).hexdigest()
        text = texts[change.span.file]
        line = text.count("\n", 0, change.span.begin) + 1
        column = change.span.begin - text.rfind("\n", 0, change.span.begin)
        listed.append(Mutant(digest[:8], function, change, line, column))
    return listed
