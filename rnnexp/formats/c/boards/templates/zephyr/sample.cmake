cmake_minimum_required(VERSION 3.20.0)

# The module is two folders up; one that west knows need not be named here.
list(APPEND EXTRA_ZEPHYR_MODULES "${CMAKE_CURRENT_SOURCE_DIR}/../..")
find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project(predict LANGUAGES C)

target_sources(app PRIVATE src/main.c)
