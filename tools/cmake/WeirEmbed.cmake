# weir_embed(<target> <folder> <namespace>): makes a source of the files in the folder, and adds it
# to the target: `std::span<const PageFile> embeddedFiles()` in weir::<namespace>. The header
# <parent of folder>/page_files.h declares PageFile.

if(CMAKE_SCRIPT_MODE_FILE)
  # cmake -DFOLDER= -DNAMESPACE= -DHEADER= -DOUT= -P WeirEmbed.cmake
  file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*)
  list(SORT names)
  set(entries "")
  foreach(name ${names})
    file(READ ${FOLDER}/${name} text)
    string(APPEND entries "    {\"${name}\", R\"WEIR_FILE(${text})WEIR_FILE\"},\n")
  endforeach()
  file(WRITE ${OUT} "#include \"${HEADER}\"\n\n#include <span>\n\nnamespace weir::${NAMESPACE} {\n\n"
       "std::span<const PageFile> embeddedFiles();\nstd::span<const PageFile> embeddedFiles() {\n"
       "  static constexpr PageFile kFiles[] = {\n${entries}  };\n  return kFiles;\n}\n\n"
       "}  // namespace weir::${NAMESPACE}\n")
  return()
endif()

set(weir_embed_script ${CMAKE_CURRENT_LIST_FILE})

function(weir_embed target folder namespace)
  get_filename_component(parent ${folder} DIRECTORY)
  string(REPLACE "/" "_" name ${folder})
  set(out ${CMAKE_BINARY_DIR}/embedded/${name}.cc)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${CMAKE_SOURCE_DIR}/${folder} -DNAMESPACE=${namespace}
            -DHEADER=${parent}/page_files.h -DOUT=${out} -P ${weir_embed_script}
    DEPENDS ${files} ${weir_embed_script}
    VERBATIM)
  set_source_files_properties(${out} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE ${out})
endfunction()
