#compdef npyfs
# zsh completion of npyfs(1); installed as _npyfs.

_npyfs_mount_options() {
  _values -s , 'mount option' \
    'chunks[how many chunks chunks/ lists]:number' \
    '*suffix[further suffix of files that are arrays]:suffix:(.cs)' \
    'follow_symlinks[follow links that leave SOURCE, too]' \
    'allow_other[let all users in, as far as permissions allow]' \
    'allow_root[let root in]' \
    'auto_unmount[unmount when npyfs ends, however it does]' \
    'fsname[what the table of mounts shows]:name' \
    'ro[read-only, which is the default]' \
    'rw[chunks can be written, and so is the source]' \
    'immutable[SOURCE does not change while it is mounted]' \
    "direct_io[read past the kernel's page cache]" \
    "kernel_cache[read through the kernel's page cache]" \
    'source_io[how the source is read]:how:(auto mmap pread)' \
    'entry_timeout[seconds that the kernel keeps a name]:seconds' \
    'attr_timeout[seconds that the kernel keeps attributes]:seconds' \
    'negative_timeout[seconds that the kernel remembers that a name does not exist]:seconds' \
    'max_threads[threads that serve requests]:number' \
    'idle_timeout[unmount after so long with nothing open]:seconds' \
    'inode32[inode numbers below 2^32]' \
    'loglevel[the least that is logged]:level:(error warning notice info debug)'
}

_npyfs_source_options() {
  _values -s , 'option' \
    '*suffix[further suffix of files that are arrays]:suffix:(.cs)' \
    'follow_symlinks[follow links that leave SOURCE, too]'
}

local dashes=${words[(i)--]}
if (( CURRENT > dashes )); then
  shift $dashes words
  (( CURRENT -= dashes ))
  _normal
  return
fi

case " $words " in
  *' --check '*)
    _arguments '--check[list the arrays, and what is damaged]' '--json[print JSON]' '--joined[join the files of each directory]' \
      '*-o[options]:option:_npyfs_source_options' '1:source:_files -/'
    ;;
  *' --export '*)
    _arguments '--export[write chunks as files]' '--chunks[how many]:number' '--axis[along which axis]:number' \
      '*-o[options]:option:_npyfs_source_options' '1:array:_files -g "*.npy"' '2:new directory:_files -/'
    ;;
  *' --create '*)
    _arguments '--create[write an array of zeros]' '--dtype[dtype]:dtype:(\<f4 \<f8 \<i4 \<i8 \|u1)' \
      '--shape[lengths, with commas]:lengths' '--fortran-order[in Fortran order]' '1:new file:_files'
    ;;
  *)
    _arguments '*-o[mount options]:option:_npyfs_mount_options' \
      '-f[stay in the foreground, log to stderr]' '-d[the same, and print every request]' \
      '(- *)'{-h,--help}'[print help]' '(- *)'{-V,--version}'[print the version]' \
      '--check[list the arrays, and what is damaged]' \
      '--export[write chunks as files]' \
      '--create[write an array of zeros]' \
      '1:source:_files -/' '2:mountpoint:_files -/'
    ;;
esac
