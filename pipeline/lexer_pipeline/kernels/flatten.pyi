from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.kernels.path_tree import Flattened, PathTree

def flatten(tree: PathTree, data: bytes, starts: Int64s, ends: Int64s) -> Flattened: ...
