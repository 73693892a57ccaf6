"""What is read ahead of `fit`, and what is not."""

import time

import tensorflow as tf

from kreg.fitting.read_ahead import ReadAhead


def test_no_more_is_read_than_is_measured():
    read = []

    def source():
        for i in range(100):
            read.append(i)
            yield i

    rows = tf.data.Dataset.from_generator(source, output_signature=tf.TensorSpec((), tf.int64))
    assert len(list(ReadAhead(rows, most=3))) == 3
    time.sleep(0.3)  # a prefetch would go on in a thread
    assert read == [0, 1, 2]
