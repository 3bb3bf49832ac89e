# Completion of shoal for bash: commands, options, files, and the names of shares that the running peer lists.
# Installed as share/bash-completion/completions/shoal; it asks the program itself, so it knows nothing twice.

_shoal() {
  local program=$1 word=$2 before=$3 command= at=1 about=()
  # The command, and which peer the line speaks of.
  while ((at < COMP_CWORD)); do
    case ${COMP_WORDS[at]} in
      --state | --config | --log-level | --log-format)
        local option=${COMP_WORDS[at]}
        if [[ ${COMP_WORDS[at + 1]} == = ]]; then ((++at)); fi
        if [[ $option != --log-* ]] && ((at + 1 < COMP_CWORD)); then about+=("$option" "${COMP_WORDS[at + 1]}"); fi
        ((++at))
        ;;
      -*) ;;
      *) command=${command:-${COMP_WORDS[at]}} ;;
    esac
    ((++at))
  done
  COMPREPLY=()
  if [[ $before =~ ^(--dir|--share|--state|--config|--dump|--output|-o|--key|--cert|--cert-key|--token|--sign|--trust)$ ||
    ($command =~ ^(add|share|keygen)$ && $word != -*) ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  elif [[ $before == --log-level ]]; then
    mapfile -t COMPREPLY < <(compgen -W "trace debug info warn error off" -- "$word")
  elif [[ $before == --log-format ]]; then
    mapfile -t COMPREPLY < <(compgen -W "text json" -- "$word")
  elif [[ $word == -* ]]; then
    local options
    options=$("$program" help ${command:-status} 2>/dev/null | grep -oE -- '^  (-[a-z] \[ )?--[a-z][a-z-]*' | grep -oE -- '--.*')
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ -z $command || $command == help ]]; then
    local commands
    commands=$("$program" help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p')
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
  else
    local name
    while IFS= read -r name; do
      if [[ $name == "$word"* ]]; then COMPREPLY+=("$(printf %q "$name")"); fi
    done < <("$program" list --json "${about[@]}" 2>/dev/null | grep -oE '"name":"[^"\\]*"' | sed 's/^"name":"//; s/"$//')
  fi
}

complete -F _shoal shoal
