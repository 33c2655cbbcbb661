# %{chip}: its compiler, the code that starts a program, and the emulator that programs are run by. On a board of your own
# it takes that board's linker script and start-up code; the network is the same.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_C_COMPILER %{compiler})
set(CMAKE_ASM_COMPILER %{compiler})
# A program links only with the start-up code, which CMake's test of the compiler is without.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "%{flags}")
set(CMAKE_ASM_FLAGS_INIT "%{flags}")

set(startup "${CMAKE_CURRENT_LIST_DIR}/../startup")
set(BOARD_SOURCES %{startup})
set(BOARD_LINK_OPTIONS -Wl,--gc-sections %{link})
set(CMAKE_CROSSCOMPILING_EMULATOR %{emulator})
