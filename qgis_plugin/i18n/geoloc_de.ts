<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
  <context>
    <name>geoloc</name>
    <message>
      <location filename="../gui/answer_actions.py" />
      <source>This layer cannot be changed: export it, or make it editable.</source>
      <translation>Dieser Layer lässt sich nicht ändern: Exportieren Sie ihn, oder machen Sie ihn bearbeitbar.</translation>
    </message>
    <message>
      <location filename="../gui/answer_actions.py" />
      <source>Export answers</source>
      <translation>Antworten exportieren</translation>
    </message>
    <message>
      <location filename="../gui/answer_actions.py" />
      <source>{count} answers were written to {path}.</source>
      <translation>{count} Antworten wurden nach {path} geschrieben.</translation>
    </message>
    <message>
      <location filename="../gui/answer_actions.py" />
      <source>{path} is there already. Replace it?</source>
      <translation>{path} ist schon vorhanden. Ersetzen?</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>network alone</source>
      <translation>nur Netz</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>network and geometry</source>
      <translation>Netz und Geometrie</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>{length:.1f} x {width:.1f} m</source>
      <translation>{length:.1f} x {width:.1f} m</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Accept</source>
      <translation>Annehmen</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Reject</source>
      <translation>Ablehnen</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Edit by hand</source>
      <translation>Von Hand bearbeiten</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Smaller</source>
      <translation>Kleiner</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Larger</source>
      <translation>Größer</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Export ...</source>
      <translation>Exportieren ...</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>The answers to a click will stand here.</source>
      <translation>Hier stehen die Antworten auf einen Klick.</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>In the photo</source>
      <translation>Im Foto</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>On the reference</source>
      <translation>Auf der Referenz</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>#{rank}  score {score:.2f}</source>
      <translation>Nr. {rank}  Bewertung {score:.2f}</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>{size}, box only</source>
      <translation>{size}, nur ein Rechteck</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>within {metres:.1f} m</source>
      <translation>auf {metres:.1f} m genau</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Best of {count}: score {score:.2f}, its centre expected within {metres:.1f} m.</source>
      <translation>Beste von {count}: Bewertung {score:.2f}, Mitte voraussichtlich auf {metres:.1f} m genau.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>{photo}, a box from {x:.0f}, {y:.0f} to {far_x:.0f}, {far_y:.0f}</source>
      <translation>{photo}, ein Rechteck von {x:.0f}, {y:.0f} bis {far_x:.0f}, {far_y:.0f}</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Locate object from photo</source>
      <translation>Objekt aus Foto verorten</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>How many answers at most; the best one gets the strong outline.</source>
      <translation>Höchstzahl der Antworten; die beste bekommt den kräftigen Umriss.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Show answers that are more likely wrong than right</source>
      <translation>Auch Antworten zeigen, die eher falsch als richtig sind</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Check and sharpen answers by geometry</source>
      <translation>Antworten durch Geometrie prüfen und schärfen</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Look at every part of a large reference (slow)</source>
      <translation>Jeden Teil einer großen Referenz ansehen (langsam)</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Where the answers go.</source>
      <translation>Wohin die Antworten kommen.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Locate</source>
      <translation>Verorten</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Settings</source>
      <translation>Einstellungen</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Answers</source>
      <translation>Antworten</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Add to</source>
      <translation>Hinzufügen zu</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>More</source>
      <translation>Mehr</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Search</source>
      <translation>Suche</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Rendering the online layers ...</source>
      <translation>Die Online-Layer werden gezeichnet ...</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Stopping ...</source>
      <translation>Wird angehalten ...</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Starting geoloc ...</source>
      <translation>geoloc wird gestartet ...</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Not here: nothing that was searched is surely the object.</source>
      <translation>Nicht hier: Nichts von dem, was durchsucht wurde, ist sicher das Objekt.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>a new layer</source>
      <translation>ein neuer Layer</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Choose a photo and click the object in it.</source>
      <translation>Wählen Sie ein Foto und klicken Sie das Objekt darin an.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Tick the raster layer to search on.</source>
      <translation>Haken Sie den Rasterlayer an, der durchsucht werden soll.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>{photo}, a polygon of {count} corners</source>
      <translation>{photo}, ein Polygon mit {count} Ecken</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Search on</source>
      <translation>Suchen auf</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Where</source>
      <translation>Wo</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Wait until the online layers are rendered.</source>
      <translation>Warten Sie, bis die Online-Layer gezeichnet sind.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Locate object from {photo}</source>
      <translation>Objekt aus {photo} verorten</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Click the object in the photo, or draw it.</source>
      <translation>Klicken Sie das Objekt im Foto an, oder zeichnen Sie es.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Cancelled; nothing was added.</source>
      <translation>Abgebrochen; nichts wurde hinzugefügt.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Here the photo was taken, says its EXIF data</source>
      <translation>Hier wurde das Foto laut seinen EXIF-Daten aufgenommen</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Search for what is marked in the photo</source>
      <translation>Nach dem suchen, was im Foto markiert ist</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>{photo}, clicked at {x:.0f}, {y:.0f}</source>
      <translation>{photo}, angeklickt bei {x:.0f}, {y:.0f}</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Cancelled.</source>
      <translation>Abgebrochen.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Answers ({count})</source>
      <translation>Antworten ({count})</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>The best score was {score:.2f}.</source>
      <translation>Die beste Bewertung war {score:.2f}.</translation>
    </message>
    <message>
      <location filename="../gui/matched/draping.py" />
      <source>Lay over the map</source>
      <translation>Über die Karte legen</translation>
    </message>
    <message>
      <location filename="../gui/matched/draping.py" />
      <source>Not here: nothing shows that this photo was taken of the reference.</source>
      <translation>Nicht hier: Nichts zeigt, dass dieses Foto von der Referenz aufgenommen wurde.</translation>
    </message>
    <message>
      <location filename="../gui/matched/draping.py" />
      <source>{name}: {width} x {height} pixels at {gsd:.2f} m.</source>
      <translation>{name}: {width} x {height} Pixel zu {gsd:.2f} m.</translation>
    </message>
    <message>
      <location filename="../gui/matched/draping.py" />
      <source>{path} is the photo or its reference: choose another file.</source>
      <translation>{path} ist das Foto oder seine Referenz: Wählen Sie eine andere Datei.</translation>
    </message>
    <message>
      <location filename="../gui/matched/drawing_choice.py" />
      <source>Areas, into a new layer</source>
      <translation>Flächen, in einen neuen Layer</translation>
    </message>
    <message>
      <location filename="../gui/matched/drawing_choice.py" />
      <source>Lines, into a new layer</source>
      <translation>Linien, in einen neuen Layer</translation>
    </message>
    <message>
      <location filename="../gui/matched/drawing_choice.py" />
      <source>Points, into a new layer</source>
      <translation>Punkte, in einen neuen Layer</translation>
    </message>
    <message>
      <location filename="../gui/matched/linked_cursor.py" />
      <source>{lat:.6f}, {lon:.6f}, within {metres:.1f} m</source>
      <translation>{lat:.6f}, {lon:.6f}, auf {metres:.1f} m genau</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>What is drawn in the photo goes into this layer.</source>
      <translation>Was im Foto gezeichnet wird, kommt in diesen Layer.</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Stop matching</source>
      <translation>Abgleich anhalten</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Match</source>
      <translation>Abgleichen</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Match this photo with the reference: both are linked</source>
      <translation>Dieses Foto mit der Referenz abgleichen: Beide werden verknüpft</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Match all</source>
      <translation>Alle</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Match all photos of the folder, in the background</source>
      <translation>Alle Fotos des Ordners abgleichen, im Hintergrund</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Photos that see a place</source>
      <translation>Fotos, die einen Ort zeigen</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Click a place on the map</source>
      <translation>Klicken Sie einen Ort auf der Karte an</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Draw into a layer</source>
      <translation>In einen Layer zeichnen</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Draw in the photo, into a layer of the map</source>
      <translation>Im Foto zeichnen, in einen Layer der Karte</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Show selected features</source>
      <translation>Gewählte Objekte zeigen</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Show the features that are selected on the map in the photo</source>
      <translation>Die auf der Karte gewählten Objekte im Foto zeigen</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Cameras and footprints</source>
      <translation>Kameras und Bodenflächen</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Add where photos were taken, and the ground that they show, as layers</source>
      <translation>Aufnahmeorte und den Boden, den Fotos zeigen, als Layer hinzufügen</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Write the photo as a GeoTIFF that lies on the map, and add it as a layer</source>
      <translation>Das Foto als GeoTIFF schreiben, das auf der Karte liegt, und als Layer hinzufügen</translation>
    </message>
    <message>
      <location filename="../gui/matched/matched_photos.py" />
      <source>Match photos</source>
      <translation>Fotos abgleichen</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Added to {layer}, within {metres:.1f} m; save the layer's edits to keep it.</source>
      <translation>Zu {layer} hinzugefügt, auf {metres:.1f} m genau; speichern Sie die Änderungen des Layers, um es zu behalten.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Nothing of this lies in the photo before its far line, where places can be told.</source>
      <translation>Nichts davon liegt im Foto vor der Ferngrenze, wo sich Orte angeben lassen.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Select features on the map that a matched photo shows.</source>
      <translation>Wählen Sie Objekte auf der Karte, die ein abgeglichenes Foto zeigt.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Georeferenced rasters are no photos: {count} left out.</source>
      <translation>Georeferenzierte Raster sind keine Fotos: {count} ausgelassen.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Matched: {count} details agree.</source>
      <translation>Abgeglichen: {count} Einzelheiten stimmen überein.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Matching this photo with the reference ...</source>
      <translation>Dieses Foto wird mit der Referenz abgeglichen ...</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Not matched with the reference yet.</source>
      <translation>Noch nicht mit der Referenz abgeglichen.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>{found} of {done} photos were matched.</source>
      <translation>{found} von {done} Fotos wurden abgeglichen.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Marked: {place}</source>
      <translation>Markiert: {place}</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Stopped.</source>
      <translation>Angehalten.</translation>
    </message>
    <message>
      <location filename="../gui/matched/seen_places.py" />
      <source>Photos that see this place</source>
      <translation>Fotos, die diesen Ort zeigen</translation>
    </message>
    <message>
      <location filename="../gui/matched/seen_places.py" />
      <source>{photo}: {metres:.0f} m away, {degrees:.0f}° from straight down</source>
      <translation>{photo}: {metres:.0f} m entfernt, {degrees:.0f}° von senkrecht</translation>
    </message>
    <message>
      <location filename="../gui/matched/seen_places.py" />
      <source>No matched photo sees this place</source>
      <translation>Kein abgeglichenes Foto zeigt diesen Ort</translation>
    </message>
    <message>
      <location filename="../gui/matched/seen_places.py" />
      <source>{count} more</source>
      <translation>{count} weitere</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc's Python</source>
      <translation>Python von geoloc</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>the environment installed below</source>
      <translation>die unten installierte Umgebung</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>The Python of an environment with geoloc, that environment's folder, or its program geoloc.</source>
      <translation>Das Python einer Umgebung mit geoloc, deren Ordner, oder ihr Programm geoloc.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Heights of the ground</source>
      <translation>Höhen des Bodens</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>none: the ground is taken as a plane</source>
      <translation>keine: Der Boden wird als Ebene angenommen</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>A raster of heights, such as a DSM, on which lines of sight end when photos are matched from the dock.</source>
      <translation>Ein Raster von Höhen, etwa ein DOM, auf dem Sichtlinien enden, wenn im Bedienfeld Fotos abgeglichen werden.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Check</source>
      <translation>Prüfen</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Copy report</source>
      <translation>Bericht kopieren</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Check tells whether geoloc answers.</source>
      <translation>Prüfen sagt, ob geoloc antwortet.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Wheels (*.whl);;All files (*)</source>
      <translation>Wheels (*.whl);;Alle Dateien (*)</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>a wheel or the folder of geoloc, or geoloc-crossview</source>
      <translation>ein Wheel oder der Ordner von geoloc, oder geoloc-crossview</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>the usual one of pip</source>
      <translation>der übliche von pip</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>none: from the network</source>
      <translation>keiner: aus dem Netzwerk</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>none</source>
      <translation>keiner</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Also what building indexes of large mosaics needs</source>
      <translation>Auch, was zum Anlegen von Indexen großer Mosaike gebraucht wird</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Install</source>
      <translation>Installieren</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc runs as a program of its own, in its own Python environment, so that it and QGIS cannot harm each other. Use one that is there, or install one here; it needs at least 2 GB.</source>
      <translation>geoloc läuft als eigenes Programm in einer eigenen Python-Umgebung, damit es und QGIS einander nicht schaden. Benutzen Sie eine vorhandene, oder installieren Sie hier eine; sie braucht mindestens 2 GB.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Environment in use</source>
      <translation>Benutzte Umgebung</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc or its Python</source>
      <translation>geoloc oder sein Python</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Matched photos</source>
      <translation>Abgeglichene Fotos</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc was installed into {folder}.</source>
      <translation>geoloc wurde in {folder} installiert.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Made with Python</source>
      <translation>Angelegt mit Python</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Into the folder</source>
      <translation>In den Ordner</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Wheel, folder or name</source>
      <translation>Wheel, Ordner oder Name</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Index of packages</source>
      <translation>Paketindex</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Offline: folder of wheels</source>
      <translation>Offline: Ordner mit Wheels</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Proxy</source>
      <translation>Proxy</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Works: geoloc {version}, Python {python}</source>
      <translation>Funktioniert: geoloc {version}, Python {python}</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>(without what indexes need)</source>
      <translation>(ohne das, was Indexe brauchen)</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc answers, but something is wrong with it:</source>
      <translation>geoloc antwortet, aber etwas daran stimmt nicht:</translation>
    </message>
    <message>
      <location filename="../gui/photo_canvas.py" />
      <source>Drop a photo or a folder here, or choose one above.</source>
      <translation>Ziehen Sie ein Foto oder einen Ordner hierher, oder wählen Sie oben eines.</translation>
    </message>
    <message>
      <location filename="../gui/photo_canvas.py" />
      <source>{path}: cannot be shown ({error})</source>
      <translation>{path}: kann nicht angezeigt werden ({error})</translation>
    </message>
    <message>
      <location filename="../gui/photo_canvas.py" />
      <source>Click {count} corners at least.</source>
      <translation>Klicken Sie mindestens {count} Ecken an.</translation>
    </message>
    <message>
      <location filename="../gui/photo_drawing.py" />
      <source>The box has no area within the photo.</source>
      <translation>Das Rechteck hat im Foto keine Fläche.</translation>
    </message>
    <message>
      <location filename="../gui/photo_drawing.py" />
      <source>A polygon needs three corners at least.</source>
      <translation>Ein Polygon braucht mindestens drei Ecken.</translation>
    </message>
    <message>
      <location filename="../gui/photo_drawing.py" />
      <source>The polygon has no area within the photo.</source>
      <translation>Das Polygon hat im Foto keine Fläche.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click the object. The wheel zooms, dragging moves.</source>
      <translation>Klicken Sie das Objekt an. Das Mausrad zoomt, Ziehen verschiebt.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Drag a box round the object. The wheel zooms, the middle button moves.</source>
      <translation>Ziehen Sie ein Rechteck um das Objekt. Das Rad vergrößert, die mittlere Taste verschiebt.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click a point of the layer. The wheel zooms, dragging moves.</source>
      <translation>Klicken Sie einen Punkt für den Layer an. Das Rad vergrößert, Ziehen verschiebt.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click along the line; double click, right button or Enter ends, Backspace takes one back.</source>
      <translation>Klicken Sie die Linie entlang; Doppelklick, rechte Taste oder Eingabe beendet, Rücktaste nimmt einen Punkt zurück.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click its corners; double click, right button or Enter ends, Backspace takes one back.</source>
      <translation>Klicken Sie seine Ecken an; Doppelklick, rechte Taste oder Eingabe beendet, Rücktaste nimmt eine zurück.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Photograph</source>
      <translation>Foto</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>A photograph, or a folder of them</source>
      <translation>Ein Foto, oder ein Ordner mit Fotos</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>A polygon of {count} corners.</source>
      <translation>Ein Polygon mit {count} Ecken.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>All files (*)</source>
      <translation>Alle Dateien (*)</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click the object</source>
      <translation>Das Objekt anklicken</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Draw a box round the object</source>
      <translation>Ein Rechteck um das Objekt zeichnen</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Draw the object</source>
      <translation>Das Objekt zeichnen</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Previous photo</source>
      <translation>Voriges Foto</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Next photo</source>
      <translation>Nächstes Foto</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Zoom in</source>
      <translation>Vergrößern</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Zoom out</source>
      <translation>Verkleinern</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Show the whole photo</source>
      <translation>Das ganze Foto zeigen</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Turn by a quarter (the view only)</source>
      <translation>Um ein Viertel drehen (nur die Ansicht)</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>The photo does not say where it was taken.</source>
      <translation>Das Foto sagt nicht, wo es aufgenommen wurde.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Clicked at {x:.1f}, {y:.1f} px.</source>
      <translation>Angeklickt bei {x:.1f}, {y:.1f} px.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>A box of {width:.0f} x {height:.0f} px.</source>
      <translation>Ein Rechteck von {width:.0f} x {height:.0f} px.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>It was cut at the photo's edge.</source>
      <translation>Am Rand des Fotos wurde abgeschnitten.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>{number} of {count}</source>
      <translation>{number} von {count}</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Photographs ({patterns})</source>
      <translation>Fotos ({patterns})</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>{path}: there are no photographs in this folder.</source>
      <translation>{path}: In diesem Ordner sind keine Fotos.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>{path}: no such file.</source>
      <translation>{path}: keine solche Datei.</translation>
    </message>
    <message>
      <location filename="../gui/reference_files.py" />
      <source>Choose the folder of an index, or search on raster layers.</source>
      <translation>Wählen Sie den Ordner eines Index, oder suchen Sie auf Rasterlayern.</translation>
    </message>
    <message>
      <location filename="../gui/reference_files.py" />
      <source>Tick the raster layer to search on; add one to the project first.</source>
      <translation>Haken Sie den Rasterlayer an, der durchsucht werden soll; fügen Sie dem Projekt zuerst einen hinzu.</translation>
    </message>
    <message>
      <location filename="../gui/reference_files.py" />
      <source>Go on?</source>
      <translation>Fortfahren?</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Raster layers</source>
      <translation>Rasterlayer</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>An index</source>
      <translation>Ein Index</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Ticked layers are searched together. Layers of a server are rendered by QGIS for the area first.</source>
      <translation>Angehakte Layer werden zusammen durchsucht. Layer eines Servers zeichnet QGIS zuerst für das Gebiet.</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Add an orthophoto, a drone mosaic or a satellite image to the project first.</source>
      <translation>Fügen Sie dem Projekt zuerst ein Orthofoto, ein Drohnenmosaik oder ein Satellitenbild hinzu.</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Index made by geoloc</source>
      <translation>Index, den geoloc angelegt hat</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>The folder that Build index wrote: large mosaics are answered in seconds.</source>
      <translation>Der Ordner, den Index anlegen schrieb: große Mosaike werden in Sekunden beantwortet.</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Rendered by QGIS for the area that is searched</source>
      <translation>Wird von QGIS für das durchsuchte Gebiet gezeichnet</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Selected features only</source>
      <translation>Nur ausgewählte Objekte</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Pick on the map</source>
      <translation>Auf der Karte wählen</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source> m</source>
      <translation> m</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>within </source>
      <translation>im Umkreis von </translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>How far round the position the search goes.</source>
      <translation>Wie weit um die Position herum gesucht wird.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Everywhere on the reference</source>
      <translation>Überall auf der Referenz</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Round the photo's GPS position</source>
      <translation>Um die GPS-Position des Fotos</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>What the map shows</source>
      <translation>Was die Karte zeigt</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Inside polygons</source>
      <translation>In Polygonen</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Round a point on the map</source>
      <translation>Um einen Punkt auf der Karte</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Add a polygon layer to the project, or choose another place to search.</source>
      <translation>Fügen Sie dem Projekt einen Polygonlayer hinzu, oder wählen Sie einen anderen Ort.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>no point yet</source>
      <translation>noch kein Punkt</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>The photo does not say where it was taken: choose another place to search.</source>
      <translation>Das Foto sagt nicht, wo es aufgenommen wurde: Wählen Sie einen anderen Ort.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Pick the point on the map round which to search.</source>
      <translation>Wählen Sie auf der Karte den Punkt, um den gesucht werden soll.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>The layer {layer} has no polygons.</source>
      <translation>Der Layer {layer} hat keine Polygone.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>No feature of {layer} is selected.</source>
      <translation>Kein Objekt von {layer} ist ausgewählt.</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>Points from photos</source>
      <translation>Punkte aus Fotos</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>Lines from photos</source>
      <translation>Linien aus Fotos</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>Areas from photos</source>
      <translation>Flächen aus Fotos</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>cut at the photo's edge or its far line</source>
      <translation>am Rand des Fotos oder an seiner Ferngrenze abgeschnitten</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>Drawn in {photo}</source>
      <translation>Gezeichnet in {photo}</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>The layer {name} cannot be edited.</source>
      <translation>Der Layer {name} lässt sich nicht bearbeiten.</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>The layer {name} takes no new features.</source>
      <translation>Der Layer {name} nimmt keine neuen Objekte an.</translation>
    </message>
    <message>
      <location filename="../layers/geography.py" />
      <source>The layer or map that says where to search has no CRS: set one first.</source>
      <translation>Der Layer oder die Karte, die sagt, wo gesucht wird, hat kein KBS: Legen Sie zuerst eines fest.</translation>
    </message>
    <message>
      <location filename="../layers/geography.py" />
      <source>There is no place to search here; choose another one.</source>
      <translation>Hier gibt es nichts zu durchsuchen; wählen Sie einen anderen Ort.</translation>
    </message>
    <message>
      <location filename="../layers/geography.py" />
      <source>This place cannot be converted to longitude and latitude.</source>
      <translation>Dieser Ort lässt sich nicht in Länge und Breite umrechnen.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>Many services do not allow that their tiles are stored or analysed: look at their licence first.</source>
      <translation>Viele Dienste erlauben nicht, dass ihre Kacheln gespeichert oder ausgewertet werden: Lesen Sie zuerst ihre Lizenz.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>Too large to render from online layers: choose an area of at most {side:.1f} km x {side:.1f} km.</source>
      <translation>Zu groß, um aus Online-Layern gezeichnet zu werden: Wählen Sie ein Gebiet von höchstens {side:.1f} km x {side:.1f} km.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>QGIS will render {names} at {metres} m a pixel: {pixels:.1f} million pixels, about {tiles} tiles asked from the server.</source>
      <translation>QGIS wird {names} mit {metres} m je Pixel zeichnen: {pixels:.1f} Millionen Pixel, etwa {tiles} Kacheln vom Server.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>The online layers show nothing where you search.</source>
      <translation>Die Online-Layer zeigen dort nichts, wo Sie suchen.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>This place cannot be shown in web-mercator, which online layers need.</source>
      <translation>Dieser Ort lässt sich nicht in Web-Mercator darstellen, was Online-Layer brauchen.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>QGIS's own Processing algorithms are missing: switch on the Processing plugin.</source>
      <translation>Die Verarbeitungsalgorithmen von QGIS fehlen: Schalten Sie die Erweiterung Processing ein.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>QGIS could not render the online layers: {log}</source>
      <translation>QGIS konnte die Online-Layer nicht zeichnen: {log}</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>The layer says: {rights}</source>
      <translation>Der Layer sagt: {rights}</translation>
    </message>
    <message>
      <location filename="../layers/poses.py" />
      <source>Cameras</source>
      <translation>Kameras</translation>
    </message>
    <message>
      <location filename="../layers/poses.py" />
      <source>Footprints</source>
      <translation>Bodenflächen</translation>
    </message>
    <message>
      <location filename="../layers/rasters.py" />
      <source>The layer {name} is not a raster file on this computer; export it as GeoTIFF first.</source>
      <translation>Der Layer {name} ist keine Rasterdatei auf diesem Rechner; exportieren Sie ihn zuerst als GeoTIFF.</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>Located objects</source>
      <translation>Verortete Objekte</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>{name}: end the name with one of {suffixes}.</source>
      <translation>{name}: Der Name muss auf {suffixes} enden.</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>Answer changed</source>
      <translation>Antwort geändert</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>Located objects {number}</source>
      <translation>Verortete Objekte {number}</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>{path}: cannot be written ({error})</source>
      <translation>{path}: kann nicht geschrieben werden ({error})</translation>
    </message>
    <message>
      <location filename="../layers/style.py" />
      <source>best answer</source>
      <translation>beste Antwort</translation>
    </message>
    <message>
      <location filename="../layers/style.py" />
      <source>other answers</source>
      <translation>andere Antworten</translation>
    </message>
    <message>
      <location filename="../layers/style.py" />
      <source>accepted</source>
      <translation>angenommen</translation>
    </message>
    <message>
      <location filename="../layers/style.py" />
      <source>rejected</source>
      <translation>abgelehnt</translation>
    </message>
    <message>
      <location filename="../plugin.py" />
      <source>Click an object in a photograph and find it on the map</source>
      <translation>Ein Objekt in einem Foto anklicken und auf der Karte finden</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Reference rasters</source>
      <translation>Referenzraster</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Ground resolution, metres a pixel</source>
      <translation>Bodenauflösung, Meter je Pixel</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Metres round the point, or round the photo's GPS position</source>
      <translation>Meter um den Punkt, oder um die GPS-Position des Fotos</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>The layer of polygons to search in is empty.</source>
      <translation>Der Layer mit den Suchpolygonen ist leer.</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Index</source>
      <translation>Index</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Search inside this extent</source>
      <translation>Nur in dieser Ausdehnung suchen</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Search inside these polygons</source>
      <translation>Nur in diesen Polygonen suchen</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Search round this point</source>
      <translation>Um diesen Punkt suchen</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Search round the photo's GPS position, where it has one</source>
      <translation>Um die GPS-Position des Fotos suchen, wo es eine hat</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Answers at most</source>
      <translation>Höchstzahl der Antworten</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Also answers that are more likely wrong than right</source>
      <translation>Auch Antworten, die eher falsch als richtig sind</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Look at every window</source>
      <translation>Jedes Fenster ansehen</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Choose reference rasters, or an index, or both.</source>
      <translation>Wählen Sie Referenzraster, oder einen Index, oder beides.</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>The extent and the polygons have nothing in common.</source>
      <translation>Ausdehnung und Polygone haben nichts gemeinsam.</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>{text}, {time} left</source>
      <translation>{text}, noch {time}</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>{path}: no such photo.</source>
      <translation>{path}: kein solches Foto.</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Locate objects from table</source>
      <translation>Objekte aus Tabelle verorten</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Finds objects that are marked in photographs, one a row of a table, on a mosaic.

Table: any layer; its fields tell the photo and the click in pixels of it, from its upper left corner. A photo is a path, or a name in the folder of photos or else of the table.
Drawn objects: a row's polygon (photo_polygon, WKT) or box (photo_xmin, photo_ymin, photo_xmax and photo_ymax), in pixels of the photo, takes the place of its click.
Field with the object: rows that share a value there, in several photos, are photos of one object and one question: what they tell is joined. Its answers have the number of the row whose photo knows it best.
The output has the number of the row, the answers' fields, and an error: a row that fails, or whose object is not here, has no polygon; the others go on.
Reference rasters, index, extent, polygons, point, heights, answers, geometry, every window: as in Locate object.</source>
      <translation>Findet Objekte, die in Fotos markiert sind, eines je Zeile einer Tabelle, auf einem Mosaik.

Tabelle: ein beliebiger Layer; seine Felder nennen das Foto und den Klick in Pixeln, von der linken oberen Ecke aus. Ein Foto ist ein Pfad, oder ein Name im Ordner der Fotos oder sonst der Tabelle.
Gezeichnete Objekte: Das Polygon (photo_polygon, WKT) oder das Rechteck (photo_xmin, photo_ymin, photo_xmax und photo_ymax) einer Zeile, in Pixeln des Fotos, tritt an die Stelle ihres Klicks.
Feld mit dem Objekt: Zeilen mit demselben Wert darin, in mehreren Fotos, sind Fotos eines Objekts und eine Frage: Was sie sagen, wird verbunden. Seine Antworten haben die Nummer der Zeile, deren Foto es am besten kennt.
Die Ausgabe hat die Nummer der Zeile, die Felder der Antworten, und einen Fehler: Eine Zeile, die scheitert oder deren Objekt nicht hier ist, hat kein Polygon; die anderen gehen weiter.
Referenzraster, Index, Ausdehnung, Polygone, Punkt, Höhen, Antworten, Geometrie, jedes Fenster: wie in Objekt verorten.</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Table of photos and clicks</source>
      <translation>Tabelle mit Fotos und Klicks</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Field with the photo</source>
      <translation>Feld mit dem Foto</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Field with the click's x</source>
      <translation>Feld mit dem x des Klicks</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Field with the click's y</source>
      <translation>Feld mit dem y des Klicks</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Field with the object that photos share</source>
      <translation>Feld mit dem Objekt, das Fotos gemeinsam zeigen</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Folder of photos</source>
      <translation>Ordner der Fotos</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Number of rows with answers</source>
      <translation>Anzahl der Zeilen mit Antworten</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Number of rows that failed</source>
      <translation>Anzahl der gescheiterten Zeilen</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>The table has no row with a photo and a click, box or polygon.</source>
      <translation>Die Tabelle hat keine Zeile mit einem Foto und einem Klick, Rechteck oder Polygon.</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>not here</source>
      <translation>nicht hier</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>row {number}: no photo</source>
      <translation>Zeile {number}: kein Foto</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>row {number}: no click, box or polygon</source>
      <translation>Zeile {number}: kein Klick, Rechteck oder Polygon</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>row {number}: {error}</source>
      <translation>Zeile {number}: {error}</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Build index</source>
      <translation>Index anlegen</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Encodes a mosaic once, so that later searches of it take seconds however large it is. About 16 MB and 10 to 20 seconds a square kilometre.

Reference rasters: what is indexed, together.
Ground resolution: metres a pixel to read them at; empty for that of the network.
Extent: index only this part.
Index: a new folder. An interrupted build of the same index goes on where it stopped.
Bring up to date: the index is there and the rasters have changed; only what changed is encoded again.</source>
      <translation>Kodiert ein Mosaik einmal, damit spätere Suchen darin Sekunden dauern, so groß es auch ist. Etwa 16 MB und 10 bis 20 Sekunden je Quadratkilometer.

Referenzraster: was zusammen in den Index kommt.
Bodenauflösung: Meter je Pixel beim Lesen; leer für die des Netzes.
Ausdehnung: nur dieser Teil.
Index: ein neuer Ordner. Ein unterbrochener Aufbau desselben Index geht dort weiter, wo er aufhörte.
Aktualisieren: Der Index ist da und die Raster haben sich geändert; nur Geändertes wird neu kodiert.</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>{encoded} blocks encoded, {completed} completed, {kept} there already, {size:.1f} MB</source>
      <translation>{encoded} Blöcke kodiert, {completed} ergänzt, {kept} waren schon da, {size:.1f} MB</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Index only this extent</source>
      <translation>Nur diese Ausdehnung</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Bring an index that is there up to date</source>
      <translation>Einen vorhandenen Index aktualisieren</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Number of blocks encoded</source>
      <translation>Anzahl der kodierten Blöcke</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Size in MB</source>
      <translation>Größe in MB</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Choose reference rasters to index.</source>
      <translation>Wählen Sie Referenzraster für den Index.</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>Check environment</source>
      <translation>Umgebung prüfen</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>Starts geoloc and tells its version, its Python and its packages. Where geoloc is, and how to install it, stands in Settings &gt; Options &gt; Geoloc.</source>
      <translation>Startet geoloc und nennt seine Version, sein Python und seine Pakete. Wo geoloc ist, und wie man es installiert, steht unter Einstellungen &gt; Optionen &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>Version of geoloc</source>
      <translation>Version von geoloc</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>Its Python</source>
      <translation>Sein Python</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>missing</source>
      <translation>fehlt</translation>
    </message>
    <message>
      <location filename="../processing/drape_photo.py" />
      <source>Lay photo over the map</source>
      <translation>Foto über die Karte legen</translation>
    </message>
    <message>
      <location filename="../processing/drape_photo.py" />
      <source>Writes what a photo shows of the ground as a GeoTIFF in the mosaic's CRS, by the matches that verify the photo. It is transparent beyond the photo and its far line; what stands up leans away from the camera, as it does in the photo.

Photo: from a drone or from the ground, no panorama.
Reference rasters, index, extent, polygons, point: as in Locate object.
An error says where the photo is not here.</source>
      <translation>Schreibt, was ein Foto vom Boden zeigt, als GeoTIFF im KBS des Mosaiks, nach den Übereinstimmungen, die das Foto bestätigen. Es ist durchsichtig jenseits des Fotos und seiner Ferngrenze; was aufragt, neigt sich von der Kamera weg, wie im Foto.

Foto: von einer Drohne oder vom Boden aus, kein Panorama.
Referenzraster, Index, Ausdehnung, Polygone, Punkt: wie bei Objekt verorten.
Ein Fehler sagt, wenn das Foto nicht hier ist.</translation>
    </message>
    <message>
      <location filename="../processing/drape_photo.py" />
      <source>Photo</source>
      <translation>Foto</translation>
    </message>
    <message>
      <location filename="../processing/drape_photo.py" />
      <source>Photo on the map</source>
      <translation>Foto auf der Karte</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Locate object</source>
      <translation>Objekt verorten</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Finds an object that is marked in a photograph on a mosaic, and gives its polygon with a score and an error in metres that nine answers of ten keep.

Photo: from a drone or from the ground.
Click: pixels of the photo as it is meant to be seen (EXIF orientation applied), from its upper left corner.
Box, polygon: instead of the click, the object as it is drawn in the photo, in the same pixels: opposite corners of a box, such as 12,20,40,52, or all corners of a polygon, such as 12,20 40,20 26,52.
Reference rasters: GeoTIFF and other raster files, searched together. Index: a folder that Build index wrote, instead of them or beside them.
Extent, polygons, point: where to search; all that are given hold together. The photo's GPS position counts where no point is given.
Heights of the ground: a raster of heights, such as a DSM; with the photo's GPS height it tells how high a drone was over the ground.
Answers: the best one has rank 1. Nothing is written where nothing is surely the object (its best score is then an output), unless doubtful answers are asked for.
Geometry: answers are carried over exactly where details of photo and mosaic agree.
Every window: a reference is searched in two stages, a quick look at all windows and a close one at those that promise most; this looks closely at all, which is slow.</source>
      <translation>Findet ein Objekt, das in einem Foto markiert ist, auf einem Mosaik, und gibt sein Polygon mit einer Bewertung und einem Fehler in Metern, den neun von zehn Antworten einhalten.

Foto: von einer Drohne oder vom Boden.
Klick: Pixel des Fotos, wie es zu sehen sein soll (EXIF-Ausrichtung angewandt), von der linken oberen Ecke aus.
Rechteck, Polygon: statt des Klicks das Objekt, wie es im Foto gezeichnet wird, in denselben Pixeln: gegenüberliegende Ecken eines Rechtecks, etwa 12,20,40,52, oder alle Ecken eines Polygons, etwa 12,20 40,20 26,52.
Referenzraster: GeoTIFF und andere Rasterdateien, zusammen durchsucht. Index: ein Ordner, den Index anlegen schrieb, an ihrer Stelle oder neben ihnen.
Ausdehnung, Polygone, Punkt: wo gesucht wird; alles Angegebene gilt zugleich. Die GPS-Position des Fotos zählt, wo kein Punkt angegeben ist.
Höhen des Bodens: ein Raster von Höhen, etwa ein DOM; mit der GPS-Höhe des Fotos sagt es, wie hoch eine Drohne über dem Boden war.
Antworten: Die beste hat Rang 1. Nichts wird geschrieben, wo nichts sicher das Objekt ist (die beste Bewertung ist dann eine Ausgabe), außer wenn auch zweifelhafte Antworten verlangt sind.
Geometrie: Antworten werden genau übertragen, wo Einzelheiten von Foto und Mosaik übereinstimmen.
Jedes Fenster: Eine Referenz wird in zwei Stufen durchsucht, mit einem kurzen Blick auf alle Fenster und einem genauen auf die aussichtsreichsten; hiermit werden alle genau angesehen, was langsam ist.</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Not here: nothing that was searched is surely the object; the best score was {score}.</source>
      <translation>Nicht hier: Nichts von dem, was durchsucht wurde, ist sicher das Objekt; die beste Bewertung war {score}.</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Click: x in pixels</source>
      <translation>Klick: x in Pixeln</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Click: y in pixels</source>
      <translation>Klick: y in Pixeln</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Box: x,y,x,y in pixels</source>
      <translation>Rechteck: x,y,x,y in Pixeln</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Polygon: x,y x,y x,y in pixels</source>
      <translation>Polygon: x,y x,y x,y in Pixeln</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Located object</source>
      <translation>Verortetes Objekt</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Number of answers</source>
      <translation>Anzahl der Antworten</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Best score</source>
      <translation>Beste Bewertung</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Give the object's click, or its box, or its polygon: one of them.</source>
      <translation>Geben Sie einen Klick, ein Rechteck oder ein Polygon des Objekts an: eines davon.</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>{text}: a box is x,y,x,y, and a polygon x,y x,y x,y, in pixels of the photo.</source>
      <translation>{text}: Ein Rechteck ist x,y,x,y, ein Polygon x,y x,y x,y, in Pixeln des Fotos.</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>A click is both x and y.</source>
      <translation>Zu einem Klick gehören x und y.</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Map features drawn in a photo</source>
      <translation>In einem Foto Gezeichnetes auf die Karte übertragen</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Carries points, lines and polygons that were drawn in a photo over to the map, or features of a map into a photo, by the matches that verify the photo.

Photo: from a drone or from the ground, no panorama.
Features: in pixels of the photo as it is meant to be seen, from its upper left corner; layers that were drawn over the photo in QGIS, which count downwards below 0, fit too. For the way back a layer in any CRS.
The output has their fields, with query_ before names that it needs itself, and accuracy_m: every vertex is nearer to its true place, in nine cases of ten; vertices_accuracy_m tells each one's. What reaches beyond the photo or its far line is cut, and note says so; it also tells what comes to lie outside the rasters. Of a photo that is not here, features have no shape.
Reference rasters, index, extent, polygons, point: as in Locate object.</source>
      <translation>Überträgt Punkte, Linien und Polygone, die in einem Foto gezeichnet wurden, auf die Karte, oder Objekte einer Karte in ein Foto, nach den Übereinstimmungen, die das Foto bestätigen.

Foto: von einer Drohne oder vom Boden aus, kein Panorama.
Objekte: in Pixeln des Fotos, wie es gesehen werden soll, von seiner linken oberen Ecke aus; Layer, die in QGIS über dem Foto gezeichnet wurden und von 0 abwärts zählen, passen auch. Für den Rückweg ein Layer in beliebigem KBS.
Die Ausgabe hat deren Felder, mit query_ vor Namen, die sie selbst braucht, und accuracy_m: Jeder Stützpunkt liegt in neun von zehn Fällen näher an seinem wahren Ort; vertices_accuracy_m sagt es für jeden. Was über das Foto oder seine Ferngrenze hinausreicht, wird abgeschnitten, und note sagt es, auch was außerhalb der Raster zu liegen kommt. Ist das Foto nicht hier, haben Objekte keine Form.
Referenzraster, Index, Ausdehnung, Polygone, Punkt: wie bei Objekt verorten.</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Features</source>
      <translation>Objekte</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>From the map into the photo</source>
      <translation>Von der Karte ins Foto</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Carried over</source>
      <translation>Übertragen</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Number of features carried over</source>
      <translation>Anzahl übertragener Objekte</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>The layer of features is empty.</source>
      <translation>Der Layer der Objekte ist leer.</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Photo poses</source>
      <translation>Aufnahmeorte von Fotos</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Tells where photos were taken, how high over the ground, which way and how tilted they look, and what of the ground they show. Nothing is clicked for that: details of photo and mosaic that agree tell it.

Photos: files, no panoramas.
Cameras: a point a photo; nine of ten errors are smaller than those told. A photo that is not here, or cannot be used, is a row without a point.
Footprints: the ground that each photo shows, up to its far line.
Heights of the ground: a raster of heights, such as a DSM, on which lines of sight end; without it the ground is taken as a plane.
Reference rasters, index, extent, polygons, point: as in Locate object.</source>
      <translation>Sagt, wo Fotos aufgenommen wurden, wie hoch über dem Boden, in welche Richtung und wie geneigt sie blicken, und was vom Boden sie zeigen. Dafür wird nichts angeklickt: Einzelheiten von Foto und Mosaik, die übereinstimmen, sagen es.

Fotos: Dateien, keine Panoramen.
Kameras: ein Punkt je Foto; neun von zehn Fehlern sind kleiner als die angegebenen. Ein Foto, das nicht hier ist oder nicht verwendet werden kann, ist eine Zeile ohne Punkt.
Bodenflächen: der Boden, den jedes Foto zeigt, bis zu seiner Ferngrenze.
Höhen des Bodens: ein Raster von Höhen, etwa ein DOM, auf dem Sichtlinien enden; ohne es wird der Boden als Ebene angenommen.
Referenzraster, Index, Ausdehnung, Polygone, Punkt: wie bei Objekt verorten.</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Photos</source>
      <translation>Fotos</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Number of photos found</source>
      <translation>Anzahl gefundener Fotos</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Number of photos that failed</source>
      <translation>Anzahl fehlgeschlagener Fotos</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Choose photos.</source>
      <translation>Wählen Sie Fotos.</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Tile plan</source>
      <translation>Kachelplan</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Shows the windows that a search of a mosaic would look at: blocks of web-mercator tiles that overlap by half.

Reference rasters: what would be searched, together.
Ground resolution: metres a pixel; empty for that of the network.
Extent: plan only this part.</source>
      <translation>Zeigt die Fenster, die eine Suche auf einem Mosaik ansehen würde: Blöcke von Web-Mercator-Kacheln, die sich zur Hälfte überlappen.

Referenzraster: was zusammen durchsucht würde.
Bodenauflösung: Meter je Pixel; leer für die des Netzes.
Ausdehnung: nur dieser Teil.</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Plan only this extent</source>
      <translation>Nur diese Ausdehnung planen</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Windows</source>
      <translation>Fenster</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Number of windows</source>
      <translation>Anzahl der Fenster</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Choose reference rasters to plan for.</source>
      <translation>Wählen Sie Referenzraster für den Plan.</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>This geoloc speaks another protocol than the plugin: bring both up to date.</source>
      <translation>Dieses geoloc spricht ein anderes Protokoll als die Erweiterung: bitte beide aktualisieren.</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>geoloc is not installed for {program}: see Settings &gt; Options &gt; Geoloc.</source>
      <translation>geoloc ist für {program} nicht installiert: siehe Einstellungen &gt; Optionen &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>geoloc ended unexpectedly (signal {number}; was there too little memory?): {last}</source>
      <translation>geoloc endete unerwartet (Signal {number}; war der Speicher zu knapp?): {last}</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>geoloc ended unexpectedly (exit code {number}): {last}</source>
      <translation>geoloc endete unerwartet (Exit-Code {number}): {last}</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>{program} cannot be started ({reason}): see Settings &gt; Options &gt; Geoloc.</source>
      <translation>{program} lässt sich nicht starten ({reason}): siehe Einstellungen &gt; Optionen &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>{program} gave no answer in {seconds} s: is geoloc installed there?</source>
      <translation>{program} hat in {seconds} s nicht geantwortet: Ist geoloc dort installiert?</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>This Python cannot make environments: install its package venv (on Debian and Ubuntu: apt install python3-venv) and try again.</source>
      <translation>Dieses Python kann keine Umgebungen anlegen: Installieren Sie sein Paket venv (unter Debian und Ubuntu: apt install python3-venv) und versuchen Sie es erneut.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>The server's certificate is not trusted: the network may inspect connections. Ask its administrator for the certificate and set PIP_CERT to it, or install from a folder of wheels.</source>
      <translation>Dem Zertifikat des Servers wird nicht vertraut: Das Netzwerk prüft vielleicht Verbindungen. Bitten Sie seine Verwaltung um das Zertifikat und setzen Sie PIP_CERT darauf, oder installieren Sie aus einem Ordner mit Wheels.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>The proxy refuses the connection: check its address, user and password in the proxy settings of QGIS.</source>
      <translation>Der Proxy lehnt die Verbindung ab: Prüfen Sie Adresse, Benutzer und Passwort in den Proxy-Einstellungen von QGIS.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>The disk is full: geoloc needs at least 2 GB. Make room, or choose another folder.</source>
      <translation>Der Datenträger ist voll: geoloc braucht mindestens 2 GB. Schaffen Sie Platz, oder wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>A file is held by another program, such as a virus scanner or another QGIS: close it and try again.</source>
      <translation>Ein anderes Programm hält eine Datei fest, etwa ein Virenscanner oder ein zweites QGIS: Schließen Sie es und versuchen Sie es erneut.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>This folder cannot be written: choose another one.</source>
      <translation>In diesen Ordner kann nicht geschrieben werden: Wählen Sie einen anderen.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>The index of packages cannot be reached: check the network and the proxy, or install from a folder of wheels.</source>
      <translation>Der Paketindex ist nicht erreichbar: Prüfen Sie Netzwerk und Proxy, oder installieren Sie aus einem Ordner mit Wheels.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>What is to be installed is not there, or not for this Python and computer: check the name, the index or the folder of wheels, and that Python is 3.11 or newer.</source>
      <translation>Was installiert werden soll, ist nicht vorhanden, oder nicht für dieses Python und diesen Rechner: Prüfen Sie Namen, Index oder Wheel-Ordner, und ob Python 3.11 oder neuer ist.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>This wheel or folder is another project's, or an old geoloc's: give that of geoloc-crossview.</source>
      <translation>Dieses Wheel oder dieser Ordner gehört einem anderen Projekt oder einem alten geoloc: Geben Sie das Wheel oder den Ordner von geoloc-crossview an.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>A wheel is damaged: fetch it again.</source>
      <translation>Ein Wheel ist beschädigt: Holen Sie es erneut.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>What is to be installed is not there: give the path of a wheel, a folder, or the name of a package.</source>
      <translation>Was installiert werden soll, ist nicht vorhanden: Geben Sie den Pfad eines Wheels, einen Ordner oder den Namen eines Pakets an.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>There was too little memory: close other programs and try again.</source>
      <translation>Der Speicher war zu knapp: Schließen Sie andere Programme und versuchen Sie es erneut.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: has no Python beside it; give that of its environment in Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path}: hat kein Python neben sich; geben Sie das seiner Umgebung unter Einstellungen &gt; Optionen &gt; Geoloc an.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>It failed: {line}</source>
      <translation>Fehlgeschlagen: {line}</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{name}: neither a file or folder that is there, nor geoloc's name, which is geoloc-crossview; what the public index of Python packages calls geoloc is another project.</source>
      <translation>{name}: weder eine vorhandene Datei, ein vorhandener Ordner noch der Name von geoloc, der geoloc-crossview lautet; was im öffentlichen Index der Python-Pakete geoloc heißt, ist ein anderes Projekt.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: the environment was not finished; create it again in Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path}: Die Umgebung wurde nicht fertig; legen Sie sie unter Einstellungen &gt; Optionen &gt; Geoloc neu an.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: no such file; see Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path}: keine solche Datei; siehe Einstellungen &gt; Optionen &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: is no program; see Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path}: ist kein Programm; siehe Einstellungen &gt; Optionen &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>No Python 3.11 or newer was found: install one and give its path.</source>
      <translation>Es wurde kein Python 3.11 oder neuer gefunden: Installieren Sie eines und geben Sie seinen Pfad an.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: holds other files; choose an empty or a new folder.</source>
      <translation>{path}: enthält andere Dateien; wählen Sie einen leeren oder neuen Ordner.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: cannot be written ({error}); choose another folder.</source>
      <translation>{path}: kann nicht geschrieben werden ({error}); wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>It failed and said nothing.</source>
      <translation>Fehlgeschlagen, ohne eine Meldung.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path} cannot be started ({error}); give another Python.</source>
      <translation>{path} lässt sich nicht starten ({error}); geben Sie ein anderes Python an.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>Give the wheel or the folder of geoloc, or the name geoloc-crossview and the index or the folder of wheels that has it: the public index of Python packages does not.</source>
      <translation>Geben Sie das Wheel oder den Ordner von geoloc an, oder den Namen geoloc-crossview und den Index oder Wheel-Ordner, der es enthält: Der öffentliche Index der Python-Pakete enthält es nicht.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>geoloc is not installed yet: open Settings &gt; Options &gt; Geoloc to install it.</source>
      <translation>geoloc ist noch nicht installiert: Öffnen Sie Einstellungen &gt; Optionen &gt; Geoloc, um es zu installieren.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: no Python environment; see Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path}: keine Python-Umgebung; siehe Einstellungen &gt; Optionen &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>Cancelled; nothing was installed.</source>
      <translation>Abgebrochen; nichts wurde installiert.</translation>
    </message>
    <message>
      <location filename="../worker/setup_task.py" />
      <source>Install geoloc</source>
      <translation>geoloc installieren</translation>
    </message>
    <message>
      <location filename="../worker/setup_task.py" />
      <source>Check geoloc</source>
      <translation>geoloc prüfen</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Loading the network ...</source>
      <translation>Das Netz wird geladen ...</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Looking at the reference ...</source>
      <translation>Die Referenz wird angesehen ...</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Matching the photo with the reference ...</source>
      <translation>Das Foto wird mit der Referenz verglichen ...</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Searching:</source>
      <translation>Suche:</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Checking the answers by geometry ...</source>
      <translation>Die Antworten werden durch Geometrie geprüft ...</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Working ...</source>
      <translation>In Arbeit ...</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>{minutes} min</source>
      <translation>{minutes} min</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>{seconds} s</source>
      <translation>{seconds} s</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>{time} left</source>
      <translation>noch {time}</translation>
    </message>
  </context>
</TS>
