"""Optimizers over the 15 classical functions: the paper's Table 8 and figures, measured.

A problem is a function, a dimension and a test column; a row is a problem and a method. Rows are kept on disk as they
end, and every table and plot is made from rows.
"""
