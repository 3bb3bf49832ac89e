#compdef shoal
# Completion of shoal for zsh: commands, options, files, and the names of shares that the running peer lists.
# Installed as _shoal in a directory of $fpath; it asks the program itself, so it knows nothing twice.

_shoal() {
  local program=$words[1] command= at=2
  local -a about rows
  # The command, and which peer the line speaks of.
  while ((at < CURRENT)); do
    case $words[at] in
      --state | --config)
        if ((at + 1 < CURRENT)); then about+=($words[at] ${(Q)words[at + 1]}); fi
        ((++at))
        ;;
      --state=* | --config=*) about+=(${(Q)words[at]}) ;;
      --log-level | --log-format) ((++at)) ;;
      -*) ;;
      *) command=${command:-$words[at]} ;;
    esac
    ((++at))
  done
  if [[ ${words[CURRENT-1]} == (--dir|--share|--state|--config|--dump|--output|-o|--key|--cert|--cert-key|--token|--sign|--trust) ]]; then
    _files
  elif [[ ${words[CURRENT-1]} == --log-level ]]; then
    compadd trace debug info warn error off
  elif [[ ${words[CURRENT-1]} == --log-format ]]; then
    compadd text json
  elif [[ ${words[CURRENT]} == -* ]]; then
    rows=(${(f)"$($program help ${command:-status} 2>/dev/null |
      sed -nE 's/^  (-[a-z] \[ )?(--[a-z][a-z-]*)( \])?( [A-Z:]+)? *(.*)/\2:\5/p')"})
    _describe -o option rows
  elif [[ -z $command || $command == help ]]; then
    rows=(${(f)"$($program help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) +(.*)/\1:\2/p')"})
    _describe command rows
  elif [[ $command == (add|share|keygen) ]]; then
    _files
  else
    rows=(${(f)"$($program list --json $about 2>/dev/null | grep -oE '"name":"[^"\\]*"' | sed 's/^"name":"//; s/"$//')"})
    compadd -a rows
  fi
}

# zsh runs this file as the function when it completes for the first time.
if [[ $funcstack[1] == _shoal ]]; then _shoal "$@"; else compdef _shoal shoal; fi
