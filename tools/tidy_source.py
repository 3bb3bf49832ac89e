"""Source files as tools/tidy sees them: code without comments and strings, and the statement around a co_await."""
import re

TOKEN = re.compile(r'''//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])*\'''',
                   re.DOTALL)


class Source:
    """One file: its text, its code without comments and strings (same line breaks), and its comments by line."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.lines = text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        parts = path.split("/")
        self.top = parts[0]
        self.folder = parts[1] if self.top == "engine" and len(parts) > 2 else ""
        self.is_cpp = path.endswith((".cpp", ".hpp"))
        self.is_document = path.startswith("docs/") or path.endswith((".md", ".svg"))
        if self.is_cpp:
            self.comments = []
            self.code = TOKEN.sub(self._blank, text)
            self.code_lines = self.code.split("\n")
        else:
            self.code, self.code_lines = "", []
            self.comments = [] if self.is_document else [
                (n, line.strip()) for n, line in enumerate(self.lines, 1) if re.match(r"\s*#(?!!)", line)]

    def _blank(self, match):
        token = match.group(0)
        if token.startswith(("//", "/*")):
            line = self.text.count("\n", 0, match.start()) + 1
            self.comments += [(line + i, part.strip()) for i, part in enumerate(token.split("\n"))]
            return "\n" * token.count("\n")
        line_start = self.text.rfind("\n", 0, match.start()) + 1
        if self.text[line_start:match.start()].lstrip().startswith("#"):
            return token  # the name in an #include
        return '""' + "\n" * token.count("\n")

    def line_of(self, offset):
        return self.code.count("\n", 0, offset) + 1

    def find(self, pattern, message):
        for match in re.finditer(pattern, self.code):
            yield self.line_of(match.start()), message


# Statements around a co_await.

TRAILING_RETURN = re.compile(r"\)\s*(?:mutable|noexcept|const|\s)*->\s*[\w:<>,&*\s]+$")
LAMBDA = re.compile(r"(?:^|[(,=?:]|\bco_await|\breturn)\s*\[[^\[\]]*\]\s*(?:\(|\{|<|mutable\b)")


def is_block(code, brace):
    """Whether the `{` at `brace` opens a block rather than an initializer."""
    before = code[max(0, brace - 300):brace].rstrip()
    if not before or before[-1] in ");{}:" or re.search(r"\b(else|do|try|const|noexcept|override|mutable)$", before):
        return True
    if before[-1] == "]":
        return True  # a lambda without parameters
    return bool(TRAILING_RETURN.search(before))


def statement_around(code, at):
    """(start, end) of the statement, or the condition of a control statement, that holds the co_await at `at`."""
    start = at
    depth = 0
    while start > 0:
        c = code[start - 1]
        if c in ")]":
            depth += 1
        elif c in "([":
            depth -= 1
        elif c == "}":
            if depth <= 0:
                break
        elif c == "{":
            if depth <= 0 and is_block(code, start - 1):
                break
        elif c == ";" and depth == 0:
            break
        start -= 1
    while True:  # `if (…) co_await x;`: the body alone
        control = re.match(r"\s*(?:else\s+)?(?:if\s+constexpr|if|while|for|switch)\s*\(", code[start:at])
        if not control:
            break
        close = matching(code, start + control.end() - 1)
        if close > at:
            return start, close + 1
        start = close + 1
    end, depth = start, 0
    while end < len(code):
        c = code[end]
        if c in "([{":
            if c == "{" and depth == 0 and is_block(code, end):
                break
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == ";" and depth <= 0:
            break
        end += 1
    return start, end


def matching(code, open_at):
    depth = 0
    for i in range(open_at, len(code)):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    return len(code)
