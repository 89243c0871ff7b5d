# R, with no package: npyfs data -- Rscript sum.R {}/rows.npy/chunks/1_of_4.bin 3
# A .bin is the body alone: here float64, little-endian, row after row. The 3 is the number of columns.
arguments <- commandArgs(trailingOnly = TRUE)
numbers <- readBin(arguments[1], "double", file.size(arguments[1]) / 8, endian = "little")
rows <- matrix(numbers, ncol = as.integer(arguments[2]), byrow = TRUE)
cat(nrow(rows), "rows, sums of the columns", colSums(rows), "\n")
