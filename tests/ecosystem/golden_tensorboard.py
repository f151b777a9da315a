"""Writes tests/data/trackers/training.tfevents and goes_on.tfevents with TensorBoard's own messages and writer: what our sink has to
write for the events of tests/runtime/tensorboard_test.cpp. Run by hand: golden_tensorboard.py FOLDER."""
import pathlib
import sys

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x03\x00\x00\x00\x02"   # of 3 x 2 pixels, as far as a header tells


def event(time, step=0, **what):
    return event_pb2.Event(wall_time=time, step=step, **what)


def scalars(time, step, **values):
    return event(time, step, summary=summary_pb2.Summary(value=[
        summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]))


def hparams(time, tag, **data):
    content = plugin_data_pb2.HParamsPluginData(**data).SerializeToString(deterministic=True)
    about = summary_pb2.SummaryMetadata(plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="hparams", content=content))
    value = summary_pb2.Summary.Value(tag=tag, metadata=about, tensor=metadata.NULL_TENSOR)
    return event(time, summary=summary_pb2.Summary(value=[value]))


def began(time, position=0):
    start = plugin_data_pb2.SessionStartInfo(start_time_secs=time)
    start.hparams["epochs"].number_value = 2
    start.hparams["keep"].string_value = "best"
    start.hparams["learning_rate"].number_value = 0.25
    start.hparams["nesterov"].bool_value = True
    start.hparams["weights"].string_value = "https://***@host/w?***"
    start.hparams["world_size"].number_value = 4
    session = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    return [event(time, file_version="brain.Event:2"), event(time, position, session_log=session), hparams(time, metadata.SESSION_START_INFO_TAG, session_start_info=start)]


def step(time, position, loss):
    return scalars(time, position, **{"step/loss": loss, "step/error": 0.25, "step/images per second": 40, "step/learning rate": 0.125})


def ended(time, status):
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time)
    return hparams(time, metadata.SESSION_END_INFO_TAG, session_end_info=end)


def picture(time):
    image = summary_pb2.Summary.Image(height=2, width=3, colorspace=3, encoded_image_string=PNG)
    return event(time, summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="Confusion matrix", image=image)]))


def write(path, events):
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        for one in events:
            writer.write(one.SerializeToString(deterministic=True))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    ranks = {"Rank times/1/images_per_second": 20.5, "Rank times/1/data": 0.5}
    write(folder / "training.tfevents", [
        *began(100.5), step(101.25, 0, 0.75), step(102.25, 1, 0.5), scalars(103.5, 2, **{"Train loss": 0.625}), scalars(103.5, 2, **ranks),
        picture(104), ended(105, api_pb2.STATUS_SUCCESS)])
    write(folder / "goes_on.tfevents", [
        *began(200.5, 2), scalars(200.5, 2, **{"Train loss": 0.625}), step(201.25, 2, 0.375), ended(205, api_pb2.STATUS_FAILURE)])
