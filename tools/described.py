"""Reads the structs that the rows and requests of engine/control are described with."""
import re

TYPES = {"std::string": "string", "std::uint64_t": "integer", "std::int64_t": "integer", "double": "number",
         "bool": "boolean"}
MEMBER = re.compile(r"  ([\w:]+(?:<[\w:<>]+>)?) (\w+)(?: = ([^;]+))?;(?:\s*///< (.*))?$")


def structs_of(text):
    """[(name, comment, [(type, member, default, comment)])] and what is wrong."""
    structs, wrong, comment = [], [], []
    inside = None
    for line in text.split("\n"):
        member = MEMBER.match(line)
        if re.match(r"\s*/// ", line):
            comment.append(line.strip()[4:])
            continue
        if begin := re.match(r"struct (\w+) \{$", line):
            inside = (begin.group(1), " ".join(comment), [])
            structs.append(inside)
        elif line.strip() == "};":
            inside = None
        elif inside and member:
            cpp, name, default, after = member.groups()
            inside[2].append((cpp, name, default, " ".join(comment + [after or ""]).strip()))
        elif inside:
            wrong.append(f"{inside[0]}: not understood: {line.strip()}")
        comment = []
    described = {name: [member.strip() for member in members.split(",") if member.strip()] for name, members in
                 re.findall(r"BOOST_DESCRIBE_STRUCT\(\s*(\w+),\s*\(\),\s*\(([^)]*)\)\)", text)}
    for name, _, members in structs:
        if described.get(name) != [member[1] for member in members]:
            wrong.append(f"{name}: BOOST_DESCRIBE_STRUCT does not name its members in their order")
    return structs, wrong
