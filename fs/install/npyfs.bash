# bash completion of npyfs(1). Words are split at '=', as bash does by itself.

# Sets COMPREPLY to what `compgen "$@"` finds, whatever is in the names.
_npyfs_reply() {
  mapfile -t COMPREPLY < <(compgen "$@")
}

# The last of a list of mount options: ro,chu -> ro,chunks=
_npyfs_mount_options() {
  local given=${1%"${1##*,}"}
  _npyfs_reply -P "$given" -W 'chunks= suffix= follow_symlinks immutable allow_other allow_root auto_unmount fsname= ro rw direct_io
    kernel_cache source_io= entry_timeout= attr_timeout= negative_timeout= max_threads= idle_timeout= inode32 loglevel=' -- "${1##*,}"
  if [[ ${COMPREPLY[0]:-} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}

# The same for --check and --export.
_npyfs_source_options() {
  _npyfs_reply -P "${1%"${1##*,}"}" -W 'follow_symlinks suffix=' -- "${1##*,}"
  if [[ ${COMPREPLY[0]:-} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}

_npyfs_flags() {
  case " ${COMP_WORDS[*]} " in
    *' --check '*) echo --json --joined -o ;;
    *' --export '*) echo --chunks --axis -o ;;
    *' --create '*) echo --dtype --shape --fortran-order ;;
    *) echo -o -f -d -h --help -V --version --check --export --create ;;
  esac
}

# Whether names are those of files or of directories alone, as an option of compgen.
_npyfs_names() {
  case " ${COMP_WORDS[*]} " in
    *' --export '* | *' --create '*) echo -f ;;
    *) echo -d ;;
  esac
}

_npyfs() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} name=
  if [[ " ${COMP_WORDS[*]:1:COMP_CWORD-1} " == *' -- '* ]]; then
    compopt -o filenames 2>/dev/null
    if [[ $previous == -- ]]; then _npyfs_reply -c -- "$current"; else _npyfs_reply -f -- "$current"; fi
    return
  fi
  if [[ $current == = ]]; then
    name=$previous current=
  elif [[ $previous == = ]]; then
    name=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  case ${name##*,} in
    loglevel) _npyfs_reply -W 'error warning notice info debug' -- "$current" ;;
    source_io) _npyfs_reply -W 'auto mmap pread' -- "$current" ;;
  esac
  if [[ $name ]]; then return; fi
  case $previous in
    -o)
      case " ${COMP_WORDS[*]} " in
        *' --check '* | *' --export '*) _npyfs_source_options "$current" ;;
        *) _npyfs_mount_options "$current" ;;
      esac
      ;;
    --chunks | --axis | --shape) ;;
    --dtype) _npyfs_reply -W '<f4 <f8 <i4 <i8 |u1' -- "$current" ;;
    *)
      if [[ $current == -* ]]; then
        _npyfs_reply -W "$(_npyfs_flags)" -- "$current"
      else
        compopt -o filenames 2>/dev/null
        _npyfs_reply "$(_npyfs_names)" -- "$current"
      fi
      ;;
  esac
}

complete -F _npyfs npyfs
