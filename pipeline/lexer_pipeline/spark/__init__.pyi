from lexer_pipeline.spark.frames import prepare as prepare

__all__ = ["prepare"]
