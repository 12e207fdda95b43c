/** What each shell is told, so that it asks `troop` itself for what may be typed next. */

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/**
 * The line is cut at spaces by us: bash also cuts at colons, which names of models hold, and then puts the answer behind
 * the last of them. No `mapfile`: the bash of macOS has none.
 */
const bash = String.raw`# bash: eval "$(troop completion bash)", or into ~/.local/share/bash-completion/completions/troop
_troop() {
  local line="${"$"}{COMP_LINE:0:COMP_POINT}" candidate cur=""
  local -a words
  read -ra words <<< "$line"
  case "$line" in *[[:space:]]) words+=("") ;; *) cur="${"$"}{words[${"$"}{#words[@]}-1]}" ;; esac
  local cut=""
  case "$COMP_WORDBREAKS" in *:*) cut="${"$"}{cur%"${"$"}{cur##*:}"}" ;; esac
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    COMPREPLY+=("${"$"}{candidate#"$cut"}")
  done < <(troop completion bash -- "${"$"}{words[@]:1}" 2>/dev/null)
}
complete -o bashdefault -o default -F _troop troop
`;

const zsh = String.raw`#compdef troop
# zsh: troop completion zsh > "${"$"}{fpath[1]}/_troop", or source <(troop completion zsh) after compinit
_troop() {
  local -a found
  local line
  for line in "${"$"}{(@f)$(troop completion zsh -- "${"$"}{(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n "$line" ]] && found+=("${"$"}{${"$"}{line%%$'\t'*}//:/\\:}:${"$"}{line#*$'\t'}")
  done
  if (( ${"$"}{#found} )); then _describe troop found; else _files; fi
}
if [[ "${"$"}{funcstack[1]}" == _troop ]]; then _troop "$@"; else compdef _troop troop; fi
`;

const fish = String.raw`# fish: troop completion fish > ~/.config/fish/completions/troop.fish
function __troop_complete
  set -l tokens (commandline -opc)
  set -l found (troop completion fish -- $tokens[2..-1] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c troop -f -a '(__troop_complete)'
`;

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
