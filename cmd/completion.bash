# Completion of shoal for bash: commands, options, files, and the names of shares that the running peer lists.
# Installed as share/bash-completion/completions/shoal; it asks the program itself, so it knows nothing twice.

_shoal_shares() {
  "$1" list --json 2>/dev/null | grep -oE '"name":"[^"\\]*"' | sed 's/^"name":"//; s/"$//'
}

_shoal() {
  local program=$1 word=$2 before=$3 command= at
  for ((at = 1; at < COMP_CWORD; ++at)); do
    if [[ ${COMP_WORDS[at]} != -* ]]; then
      command=${COMP_WORDS[at]}
      break
    fi
  done
  COMPREPLY=()
  if [[ $word == -* ]]; then
    local options
    options=$("$program" help ${command:-status} 2>/dev/null | grep -oE -- '--[a-z][a-z-]*')
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ -z $command || $command == help ]]; then
    local commands
    commands=$("$program" help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p')
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
  elif [[ $command =~ ^(add|share|keygen)$ || $before =~ ^(--dir|--share|--state|--config|--output|-o|--key|--sign|--trust)$ ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  else
    local name
    while IFS= read -r name; do
      if [[ $name == "$word"* ]]; then COMPREPLY+=("$(printf %q "$name")"); fi
    done < <(_shoal_shares "$program")
  fi
}

complete -F _shoal shoal
