"""Files sent side by side; what cannot go on ends them all where each can go on later."""

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from lexer_pipeline.model import Receipt
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.outgoing import OutgoingFile
from lexer_pipeline.uploading.upload import send_file


def send_all(files: Sequence[OutgoingFile], context: UploadContext) -> tuple[Receipt, ...]:
    """The receipts of all; the first exception stops the others where it is safe, then goes on its way."""
    with ThreadPoolExecutor(context.wide) as pool:
        futures = [pool.submit(send_file, file, context) for file in files]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            return tuple(future.result() for future in futures)
        except BaseException:
            context.halt.set()
            pool.shutdown(cancel_futures=True)
            raise
