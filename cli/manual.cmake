# The man page and the shell completion, made by the finished command from its own option table.
set(manual_page ${CMAKE_BINARY_DIR}/pgzm-copy.1)
set(manual_completion ${CMAKE_BINARY_DIR}/pgzm-copy.bash)
add_custom_command(OUTPUT ${manual_page} ${manual_completion}
    COMMAND pgzm-copy --generate man > ${manual_page}
    COMMAND pgzm-copy --generate completion > ${manual_completion}
    DEPENDS pgzm-copy VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual_page} ${manual_completion})
install(FILES ${manual_page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${manual_completion}
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME pgzm-copy)
