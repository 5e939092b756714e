# SPDX-License-Identifier: GPL-2.0-or-later
"""Matching photos with the map, and all that a matched photo is good for, as the dock has it."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from qgis.core import Qgis, QgsCsException, QgsGeometry, QgsPointXY, QgsRectangle
from qgis.PyQt.QtCore import QObject, QPointF
from qgis.PyQt.QtGui import QPainterPath

from ... import settings
from ...layers.carried import crs_of, shape_on_map
from ...layers.drawn import AREA, LINE, POINT, add_drawing, new_drawing_layer
from ...layers.errors import LayerError, PlaceError
from ...layers.geography import bounds_round
from ...layers.poses import add_poses, pose_layer
from ...layers.rasters import is_map
from ...texts import tr, worded
from ...worker.environment import SetupError
from ...worker.match_task import MatchTask
from ...worker.photo_match import CAMERA, PhotoMatch, PhotoSight
from ...worker.request import CLICK, match_request
from ..messages import Messages
from ..photo_panel import PhotoPanel, position_of
from ..photo_strip import FAILED, MATCHED, NOT_HERE
from ..reference_files import ReferenceFiles
from ..where_panel import ChosenPlace, WherePanel
from .draping import Draping
from .drawing_choice import DrawingChoice
from .linked_cursor import LinkedCursor
from .match_bar import CANCEL, DRAPE, DRAW, MATCH, MATCH_ALL, POSES, SEE, SHOW, MatchBar
from .matched_photos import MatchedPhotos
from .photo_on_map import PhotoOnMap
from .seen_places import SeenPlaces
from .shown_features import selected_in_photo, selected_middle


class Matching(QObject):
    """Carries out what the row below the photo asks for.

    Attributes:
        bar: that row.
        photos: what is known of each photo.
    """

    def __init__(
        self,
        iface,
        photo: PhotoPanel,
        *,
        where: WherePanel,
        files: ReferenceFiles,
        messages: Messages,
        come_forward: Callable[[], None],
    ) -> None:
        """Build the row, and connect it to map and photo.

        Args:
            iface: QgisInterface.
            photo: the photo that is shown, and the strip of others.
            where: where photos are looked for.
            files: of the reference that they are matched with.
            messages: where problems and successes are shown.
            come_forward: shows the dock, where it is closed.
        """
        super().__init__(photo)
        self._canvas, self._photo, self._where, self._files = iface.mapCanvas(), photo, where, files
        self._messages, self._come_forward = messages, come_forward
        self._path = self._under_mouse = ""
        self._rendering = False
        self._left_out = 0
        self.bar = MatchBar()
        self.photos = MatchedPhotos(self)
        self.cursor = LinkedCursor(self._canvas, photo.view, self._tell)
        self.on_map = PhotoOnMap(self._canvas)
        self.seen = SeenPlaces(self._canvas, self.photos.found, photo.strip.icon, self._open)
        self.drawing = DrawingChoice(self.bar.into)
        self.draping = Draping(self.bar, messages, self._show_state)
        self.seen.tool.setAction(self.bar.action(SEE))
        photo.kinds.addAction(self.bar.action(DRAW))
        # Their keys are the photo's.
        photo.view.addActions([self.bar.action(MATCH), self.bar.action(DRAW)])
        self._actions = {
            MATCH: lambda down: self.match([self._path]),
            MATCH_ALL: self._match_all,
            CANCEL: self._cancel,
            SEE: self.seen.use_tool,
            DRAW: self._use_drawing,
            SHOW: self._use_showing,
            POSES: self._add_poses,
            DRAPE: self._drape,
        }
        self.bar.pressed.connect(lambda name, down: self._actions[name](down))
        self.drawing.changed.connect(lambda: self._use_drawing(self.bar.action(DRAW).isChecked()))
        photo.changed.connect(self._photo_changed)
        photo.view.drawn.connect(self._draw)
        self.photos.changed.connect(self._known)
        self.photos.moved_on.connect(self._show_state)
        self.photos.over.connect(self._over)
        self._canvas.selectionChanged.connect(self._selection_changed)
        self._photo_changed()

    def match(self, paths: list[str]) -> None:
        """Match photos with the chosen reference; what is missing is said in the message bar."""
        if self._files.rendering:
            self._messages.show(tr("Wait until the online layers are rendered."), Qgis.MessageLevel.Info)
            return
        try:
            command = settings.worker_command()
            where = self._where.chosen()
            wanted = self._files.wanted(_bounds_of_all(where, paths))
        except (PlaceError, LayerError, SetupError) as error:
            self._messages.show(worded(error), Qgis.MessageLevel.Warning)
            return
        if not self._files.may_render(wanted):
            return

        def ready(mosaics: list[str]) -> None:
            self._rendering = False
            fields = match_request(mosaics=mosaics, index=wanted.index, place=where.place, dsm=settings.dsm())
            self.photos.start(command, paths, fields)

        def stopped(error: str) -> None:
            self._rendering = False
            self._show_state()
            self._messages.show(error or tr("Cancelled."), Qgis.MessageLevel.Warning)

        self._messages.clear()
        self._files.make(wanted, lambda percent: None, ready, stopped)
        self._rendering = self._files.rendering
        self._show_state()

    def _cancel(self, down: bool) -> None:
        if self._rendering:
            self._files.cancel()
        self.photos.cancel()

    def shut_down(self) -> None:
        """Stop, and remove everything from the map: the dock is going away."""
        self.photos.shut_down()
        self._canvas.selectionChanged.disconnect(self._selection_changed)
        self.draping.shut_down()
        self.drawing.let_go()
        self.cursor.let_go()
        self.on_map.let_go()
        self.seen.let_go()

    def _match_all(self, down: bool) -> None:
        # Every TIFF is opened for it: only here, not whenever another photo is shown.
        maps = set(filter(is_map, self._left()))
        photos = [path for path in self._left() if path not in maps]
        if photos:
            self._left_out = len(maps)
            self.match(photos)
        else:
            self._messages.show(_left_out_words(len(maps)), Qgis.MessageLevel.Info)

    def _left(self) -> list[str]:
        """Return the pictures of the folder that are not matched yet, mosaics among them."""
        found = {match.path for match in self.photos.found()}
        return [path for path in self._photo.strip.paths() if path not in found]

    def _present(self) -> PhotoMatch | None:
        return self.photos.of(self._path)

    def _photo_changed(self) -> None:
        """Another photo is shown, or something else is marked in it."""
        path = "" if self._photo.path is None else str(self._photo.path)
        if path != self._path:
            self._path = path
            self._link()
        else:
            self.on_map.show_target(self._photo.target)
        self._show_state()

    def _link(self) -> None:
        """Link the photo that is shown with the map, as it is known now."""
        match = self._present()
        mapping = None if match is None else match.mapping
        self.cursor.use(mapping)
        self.on_map.use(mapping)
        self.on_map.show_target(self._photo.target)
        if mapping is None and self.bar.action(DRAW).isChecked():
            self._photo.tools[CLICK].defaultAction().trigger()
        self._show_selected(self.bar.action(SHOW).isChecked())

    def _known(self, match: PhotoMatch) -> None:
        kind = FAILED if match.error else NOT_HERE if match.mapping is None else MATCHED
        self._photo.strip.mark(match.path, kind, _known_words(match))
        if match.mapping is not None and pose_layer(CAMERA) is not None:
            add_poses([match])
        if match.path == self._path:
            self._link()
        self._show_state()

    def _over(self, task: MatchTask) -> None:
        done = len(task.done)
        if task.error is not None and not task.cancelled:
            self._messages.show(worded(task.error), Qgis.MessageLevel.Critical)
        elif done > 1 or task.cancelled:
            found = sum(self.photos.of(path).mapping is not None for path in task.done)
            text = tr("{found} of {done} photos were matched.").format(found=found, done=done)
            level = Qgis.MessageLevel.Success if found else Qgis.MessageLevel.Warning
            if self._left_out:
                text += " " + _left_out_words(self._left_out)
            if task.cancelled:
                text, level = tr("Stopped.") + " " + text, Qgis.MessageLevel.Info
            self._messages.show(text, level)
        self._left_out = 0
        self._show_state()

    def _show_state(self) -> None:
        task, match = self.photos.task, self._present()
        linked = match is not None and match.mapping is not None
        # How much there is to render is not counted in photos: busy.
        waiting = (0, 0) if self._rendering else None
        self.bar.show_progress(waiting if task is None else task.count)
        self.bar.enable(
            **{
                MATCH: bool(self._path) and self.photos.present != self._path,
                MATCH_ALL: task is None and bool(self._left()),
                SEE: bool(self.photos.found()),
                DRAW: linked,
                SHOW: bool(self.photos.found()),
                POSES: bool(self.photos.found()),
                DRAPE: linked and self.draping.task is None,
            }
        )
        self._say()

    def _tell(self, place: str) -> None:
        """Keep in words where the mouse is, "" where that is unknown, and say it."""
        self._under_mouse = place
        self._say()

    def _say(self) -> None:
        """Say where the mouse is; where that is unknown, what is known of the photo."""
        place = self._under_mouse
        match, target = self._present(), self._photo.target
        if not place and target is not None and match is not None and match.mapping is not None:
            xs, ys = zip(*target.points)  # noqa: B905 (Python 3.9)
            where = self.cursor.words(QPointF(sum(xs) / len(xs), sum(ys) / len(ys)))
            place = tr("Marked: {place}").format(place=where) if where else ""
        if not place and self._path:
            if self.photos.present == self._path:
                place = tr("Matching this photo with the reference ...")
            elif match is not None:
                place = _known_words(match)
            else:
                place = tr("Not matched with the reference yet.")
        self.bar.status.setText(place)

    def _open(self, sight: PhotoSight) -> None:
        """Show a photo, and where in it a place is."""
        self._come_forward()
        self._photo.open(sight.match.path)
        if self._photo.path == Path(sight.match.path):
            pixel = QPointF(*sight.pixel)
            self._photo.view.go_to(pixel)
            self._photo.view.show_pointer(pixel)

    def _add_poses(self, down: bool) -> None:
        add_poses(self.photos.found())
        self._canvas.refresh()

    def _drape(self, down: bool) -> None:
        try:
            command = settings.worker_command()
        except SetupError as error:
            self._messages.show(worded(error), Qgis.MessageLevel.Warning)
            return
        self.draping.drape(command, self._present())

    def _use_drawing(self, on: bool) -> None:
        """Draw into what is chosen; otherwise leave the photo to the tool that was taken."""
        self.bar.into.setVisible(on)
        if on:
            self._photo.use(self.drawing.kind)

    def _draw(self, corners: list[QPointF]) -> None:
        """Put what was drawn in the photo into the chosen layer."""
        match, kind = self._present(), self._photo.view.tool
        if match is None or match.mapping is None or kind not in (POINT, LINE, AREA):
            return
        shape = shape_on_map(match.mapping, _drawn_geometry(kind, [QgsPointXY(corner) for corner in corners]))
        if shape is None:
            text = tr("Nothing of this lies in the photo before its far line, where places can be told.")
            self._messages.show(text, Qgis.MessageLevel.Warning)
            return
        crs = crs_of(match.mapping)
        layer = self.drawing.layer() or self.drawing.choose(new_drawing_layer(kind, crs))
        try:
            add_drawing(layer, shape, crs, Path(match.path).name)
        except (LayerError, QgsCsException) as error:
            self._messages.show(str(error), Qgis.MessageLevel.Critical)
            return
        text = tr("Added to {layer}, within {metres:.1f} m; save the layer's edits to keep it.")
        self._messages.show(text.format(layer=layer.name(), metres=shape.accuracy_m), Qgis.MessageLevel.Success)

    def _selection_changed(self, layer) -> None:
        self._show_selected(self.bar.action(SHOW).isChecked())

    def _use_showing(self, on: bool) -> None:
        """Show what is selected on the map, in another photo where the present one does not show it."""
        if self._show_selected(on) or not on:
            return
        middle = selected_middle(self._canvas.mapSettings().destinationCrs())
        sights = [] if middle is None else self.seen.sights(middle)
        if sights:
            self._open(sights[0])
        else:
            text = tr("Select features on the map that a matched photo shows.")
            self._messages.show(text, Qgis.MessageLevel.Info)

    def _show_selected(self, on: bool) -> bool:
        """Show what is selected on the map in the photo, or no longer; whether anything of it is seen."""
        match = self._present()
        linked = match is not None and match.mapping is not None
        path = selected_in_photo(match.mapping) if on and linked else QPainterPath()
        self._photo.view.show_overlay(path)
        return not path.isEmpty()


def _left_out_words(count: int) -> str:
    return tr("Georeferenced rasters are no photos: {count} left out.").format(count=count)


def _known_words(match: PhotoMatch) -> str:
    """Return in a sentence what is known of a photo that was looked at."""
    if match.error:
        return match.error
    if match.mapping is None:
        return tr("Not here: nothing shows that this photo was taken of the reference.")
    return tr("Matched: {count} details agree.").format(count=match.inliers)


def _bounds_of_all(where: ChosenPlace, paths: list[str]) -> QgsRectangle | None:
    """Return the bounds in WGS 84 of where photos are looked for: round each one's own position, where that counts."""
    if where.bounds is None or not where.place.gps:
        return where.bounds
    bounds = QgsRectangle(where.bounds)
    for position in filter(None, map(position_of, paths)):
        bounds.combineExtentWith(bounds_round(position, where.place.within_m))
    return bounds


def _drawn_geometry(kind: str, points: list[QgsPointXY]) -> QgsGeometry:
    if kind == POINT:
        return QgsGeometry.fromPointXY(points[0])
    if kind == LINE:
        return QgsGeometry.fromPolylineXY(points)
    return QgsGeometry.fromPolygonXY([[*points, points[0]]])
