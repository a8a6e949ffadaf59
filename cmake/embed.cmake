# Turns .sql files into one C header: for each file a row {name, minimum server version, text}.
# A suffix _pgNN means "for servers from NN on"; without one, from the oldest supported on.
# cmake -DOUT=header -DNAME=array -DFILES="a.sql;b_pg14.sql" -P embed.cmake
file(WRITE "${OUT}.tmp" "/* Made from .sql files by cmake/embed.cmake. */\nstatic const Sql ${NAME}[] = {\n")
foreach(file IN LISTS FILES)
    get_filename_component(base "${file}" NAME_WE)
    set(version 0)
    if(base MATCHES "^(.*)_pg([0-9]+)$")
        set(base "${CMAKE_MATCH_1}")
        math(EXPR version "${CMAKE_MATCH_2} * 10000")
    endif()
    file(READ "${file}" hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
    file(APPEND "${OUT}.tmp" "{\"${base}\", ${version}, (const char[]){\n${bytes}0}},\n")
endforeach()
file(APPEND "${OUT}.tmp" "};\n")
file(RENAME "${OUT}.tmp" "${OUT}")
