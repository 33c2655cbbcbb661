idf_component_register(SRCS "main.c" "%{name}-main.c" REQUIRES %{library})

# The example's main() is called by app_main().
set_source_files_properties("%{name}-main.c" PROPERTIES COMPILE_DEFINITIONS "main=example_main")
