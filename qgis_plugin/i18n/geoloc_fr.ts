<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr" sourcelanguage="en">
  <context>
    <name>geoloc</name>
    <message>
      <location filename="../gui/answer_actions.py" />
      <source>This layer cannot be changed: export it, or make it editable.</source>
      <translation>Cette couche ne peut pas être modifiée : exportez-la, ou rendez-la modifiable.</translation>
    </message>
    <message>
      <location filename="../gui/answer_actions.py" />
      <source>Export answers</source>
      <translation>Exporter les réponses</translation>
    </message>
    <message>
      <location filename="../gui/answer_actions.py" />
      <source>{count} answers were written to {path}.</source>
      <translation>{count} réponses ont été écrites dans {path}.</translation>
    </message>
    <message>
      <location filename="../gui/answer_actions.py" />
      <source>{path} is there already. Replace it?</source>
      <translation>{path} existe déjà. Le remplacer ?</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>network alone</source>
      <translation>réseau seul</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>network and geometry</source>
      <translation>réseau et géométrie</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>{length:.1f} x {width:.1f} m</source>
      <translation>{length:.1f} x {width:.1f} m</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Accept</source>
      <translation>Accepter</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Reject</source>
      <translation>Rejeter</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Edit by hand</source>
      <translation>Modifier à la main</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Smaller</source>
      <translation>Plus petit</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Larger</source>
      <translation>Plus grand</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>Export ...</source>
      <translation>Exporter ...</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>The answers to a click will stand here.</source>
      <translation>Les réponses à un clic apparaîtront ici.</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>In the photo</source>
      <translation>Dans la photo</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>On the reference</source>
      <translation>Sur la référence</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>#{rank}  score {score:.2f}</source>
      <translation>N° {rank}  score {score:.2f}</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>{size}, box only</source>
      <translation>{size}, rectangle seulement</translation>
    </message>
    <message>
      <location filename="../gui/answers_panel.py" />
      <source>within {metres:.1f} m</source>
      <translation>à {metres:.1f} m près</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Best of {count}: score {score:.2f}, its centre expected within {metres:.1f} m.</source>
      <translation>Meilleure de {count} : score {score:.2f}, centre attendu à {metres:.1f} m près.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>{photo}, a box from {x:.0f}, {y:.0f} to {far_x:.0f}, {far_y:.0f}</source>
      <translation>{photo}, un rectangle de {x:.0f}, {y:.0f} à {far_x:.0f}, {far_y:.0f}</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Locate object from photo</source>
      <translation>Localiser un objet depuis une photo</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>How many answers at most; the best one gets the strong outline.</source>
      <translation>Nombre maximal de réponses ; la meilleure reçoit le contour épais.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Show answers that are more likely wrong than right</source>
      <translation>Montrer aussi les réponses plus probablement fausses que justes</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Check and sharpen answers by geometry</source>
      <translation>Vérifier et affiner les réponses par la géométrie</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Look at every part of a large reference (slow)</source>
      <translation>Examiner chaque partie d'une grande référence (lent)</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Where the answers go.</source>
      <translation>Où vont les réponses.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Locate</source>
      <translation>Localiser</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Cancel</source>
      <translation>Annuler</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Settings</source>
      <translation>Préférences</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Answers</source>
      <translation>Réponses</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Add to</source>
      <translation>Ajouter à</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>More</source>
      <translation>Plus</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Search</source>
      <translation>Recherche</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Rendering the online layers ...</source>
      <translation>Rendu des couches en ligne ...</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Stopping ...</source>
      <translation>Arrêt en cours ...</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Starting geoloc ...</source>
      <translation>Démarrage de geoloc ...</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Not here: nothing that was searched is surely the object.</source>
      <translation>Pas ici : rien de ce qui a été examiné n'est sûrement l'objet.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>a new layer</source>
      <translation>une nouvelle couche</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Choose a photo and click the object in it.</source>
      <translation>Choisissez une photo et cliquez sur l'objet.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Tick the raster layer to search on.</source>
      <translation>Cochez la couche raster à examiner.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>{photo}, a polygon of {count} corners</source>
      <translation>{photo}, un polygone de {count} sommets</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Search on</source>
      <translation>Rechercher sur</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Where</source>
      <translation>Où</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Wait until the online layers are rendered.</source>
      <translation>Attendez que les couches en ligne soient rendues.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Locate object from {photo}</source>
      <translation>Localiser un objet depuis {photo}</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Click the object in the photo, or draw it.</source>
      <translation>Cliquez sur l'objet dans la photo, ou dessinez-le.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Cancelled; nothing was added.</source>
      <translation>Annulé ; rien n'a été ajouté.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Here the photo was taken, says its EXIF data</source>
      <translation>La photo a été prise ici, d'après ses données EXIF</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Search for what is marked in the photo</source>
      <translation>Rechercher ce qui est marqué dans la photo</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>{photo}, clicked at {x:.0f}, {y:.0f}</source>
      <translation>{photo}, clic en {x:.0f}, {y:.0f}</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Cancelled.</source>
      <translation>Annulé.</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>Answers ({count})</source>
      <translation>Réponses ({count})</translation>
    </message>
    <message>
      <location filename="../gui/dock.py" />
      <source>The best score was {score:.2f}.</source>
      <translation>Le meilleur score était {score:.2f}.</translation>
    </message>
    <message>
      <location filename="../gui/matched/draping.py" />
      <source>Lay over the map</source>
      <translation>Poser sur la carte</translation>
    </message>
    <message>
      <location filename="../gui/matched/draping.py" />
      <source>Not here: nothing shows that this photo was taken of the reference.</source>
      <translation>Pas ici : rien ne montre que cette photo représente la référence.</translation>
    </message>
    <message>
      <location filename="../gui/matched/draping.py" />
      <source>{name}: {width} x {height} pixels at {gsd:.2f} m.</source>
      <translation>{name} : {width} x {height} pixels à {gsd:.2f} m.</translation>
    </message>
    <message>
      <location filename="../gui/matched/draping.py" />
      <source>{path} is the photo or its reference: choose another file.</source>
      <translation>{path} est la photo ou sa référence : choisissez un autre fichier.</translation>
    </message>
    <message>
      <location filename="../gui/matched/drawing_choice.py" />
      <source>Areas, into a new layer</source>
      <translation>Surfaces, dans une nouvelle couche</translation>
    </message>
    <message>
      <location filename="../gui/matched/drawing_choice.py" />
      <source>Lines, into a new layer</source>
      <translation>Lignes, dans une nouvelle couche</translation>
    </message>
    <message>
      <location filename="../gui/matched/drawing_choice.py" />
      <source>Points, into a new layer</source>
      <translation>Points, dans une nouvelle couche</translation>
    </message>
    <message>
      <location filename="../gui/matched/linked_cursor.py" />
      <source>{lat:.6f}, {lon:.6f}, within {metres:.1f} m</source>
      <translation>{lat:.6f}, {lon:.6f}, à {metres:.1f} m près</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>What is drawn in the photo goes into this layer.</source>
      <translation>Ce qui est dessiné dans la photo va dans cette couche.</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Stop matching</source>
      <translation>Arrêter l'appariement</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Match</source>
      <translation>Apparier</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Match this photo with the reference: both are linked</source>
      <translation>Apparier cette photo avec la référence : les deux sont liées</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Match all</source>
      <translation>Toutes</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Match all photos of the folder, in the background</source>
      <translation>Apparier toutes les photos du dossier, en arrière-plan</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Photos that see a place</source>
      <translation>Photos qui voient un lieu</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Click a place on the map</source>
      <translation>Cliquez sur un lieu de la carte</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Draw into a layer</source>
      <translation>Dessiner dans une couche</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Draw in the photo, into a layer of the map</source>
      <translation>Dessiner dans la photo, dans une couche de la carte</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Show selected features</source>
      <translation>Montrer les entités sélectionnées</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Show the features that are selected on the map in the photo</source>
      <translation>Montrer dans la photo les entités sélectionnées sur la carte</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Cameras and footprints</source>
      <translation>Caméras et emprises</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Add where photos were taken, and the ground that they show, as layers</source>
      <translation>Ajouter comme couches les lieux de prise de vue et le sol que montrent les photos</translation>
    </message>
    <message>
      <location filename="../gui/matched/match_bar.py" />
      <source>Write the photo as a GeoTIFF that lies on the map, and add it as a layer</source>
      <translation>Écrire la photo comme GeoTIFF posé sur la carte et l'ajouter comme couche</translation>
    </message>
    <message>
      <location filename="../gui/matched/matched_photos.py" />
      <source>Match photos</source>
      <translation>Apparier des photos</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Added to {layer}, within {metres:.1f} m; save the layer's edits to keep it.</source>
      <translation>Ajouté à {layer}, à {metres:.1f} m près ; enregistrez les modifications de la couche pour le garder.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Nothing of this lies in the photo before its far line, where places can be told.</source>
      <translation>Rien de cela n'est dans la photo en deçà de sa ligne lointaine, où les lieux peuvent être indiqués.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Select features on the map that a matched photo shows.</source>
      <translation>Sélectionnez sur la carte des entités que montre une photo appariée.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Georeferenced rasters are no photos: {count} left out.</source>
      <translation>Les rasters géoréférencés ne sont pas des photos : {count} laissés de côté.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Matched: {count} details agree.</source>
      <translation>Appariée : {count} détails concordent.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Matching this photo with the reference ...</source>
      <translation>Appariement de cette photo avec la référence ...</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Not matched with the reference yet.</source>
      <translation>Pas encore appariée avec la référence.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>{found} of {done} photos were matched.</source>
      <translation>{found} photos sur {done} ont été appariées.</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Marked: {place}</source>
      <translation>Marqué : {place}</translation>
    </message>
    <message>
      <location filename="../gui/matched/matching.py" />
      <source>Stopped.</source>
      <translation>Arrêté.</translation>
    </message>
    <message>
      <location filename="../gui/matched/seen_places.py" />
      <source>Photos that see this place</source>
      <translation>Photos qui voient ce lieu</translation>
    </message>
    <message>
      <location filename="../gui/matched/seen_places.py" />
      <source>{photo}: {metres:.0f} m away, {degrees:.0f}° from straight down</source>
      <translation>{photo} : à {metres:.0f} m, {degrees:.0f}° de la verticale</translation>
    </message>
    <message>
      <location filename="../gui/matched/seen_places.py" />
      <source>No matched photo sees this place</source>
      <translation>Aucune photo appariée ne voit ce lieu</translation>
    </message>
    <message>
      <location filename="../gui/matched/seen_places.py" />
      <source>{count} more</source>
      <translation>{count} de plus</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc's Python</source>
      <translation>Python de geoloc</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>the environment installed below</source>
      <translation>l'environnement installé ci-dessous</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>The Python of an environment with geoloc, that environment's folder, or its program geoloc.</source>
      <translation>Le Python d'un environnement avec geoloc, le dossier de celui-ci, ou son programme geoloc.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Heights of the ground</source>
      <translation>Hauteurs du sol</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>none: the ground is taken as a plane</source>
      <translation>aucune : le sol est pris pour un plan</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>A raster of heights, such as a DSM, on which lines of sight end when photos are matched from the dock.</source>
      <translation>Un raster de hauteurs, par exemple un MNS, sur lequel finissent les lignes de visée quand des photos sont appariées depuis le panneau.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Check</source>
      <translation>Vérifier</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Copy report</source>
      <translation>Copier le rapport</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Check tells whether geoloc answers.</source>
      <translation>Vérifier dit si geoloc répond.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Wheels (*.whl);;All files (*)</source>
      <translation>Wheels (*.whl);;Tous les fichiers (*)</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>a wheel or the folder of geoloc, or geoloc-crossview</source>
      <translation>un wheel ou le dossier de geoloc, ou geoloc-crossview</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>the usual one of pip</source>
      <translation>celui de pip par défaut</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>none: from the network</source>
      <translation>aucun : depuis le réseau</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>none</source>
      <translation>aucun</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Also what building indexes of large mosaics needs</source>
      <translation>Aussi ce qu'il faut pour créer des index de grandes mosaïques</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Install</source>
      <translation>Installer</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc runs as a program of its own, in its own Python environment, so that it and QGIS cannot harm each other. Use one that is there, or install one here; it needs at least 2 GB.</source>
      <translation>geoloc fonctionne comme un programme à part, dans son propre environnement Python, pour que QGIS et lui ne se gênent pas. Utilisez un environnement existant, ou installez-en un ici ; il faut au moins 2 Go.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Environment in use</source>
      <translation>Environnement utilisé</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc or its Python</source>
      <translation>geoloc ou son Python</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Matched photos</source>
      <translation>Photos appariées</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc was installed into {folder}.</source>
      <translation>geoloc a été installé dans {folder}.</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Made with Python</source>
      <translation>Créé avec Python</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Into the folder</source>
      <translation>Dans le dossier</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Wheel, folder or name</source>
      <translation>Wheel, dossier ou nom</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Index of packages</source>
      <translation>Index de paquets</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Offline: folder of wheels</source>
      <translation>Hors ligne : dossier de wheels</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Proxy</source>
      <translation>Proxy</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>Works: geoloc {version}, Python {python}</source>
      <translation>Fonctionne : geoloc {version}, Python {python}</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>(without what indexes need)</source>
      <translation>(sans ce que demandent les index)</translation>
    </message>
    <message>
      <location filename="../gui/options.py" />
      <source>geoloc answers, but something is wrong with it:</source>
      <translation>geoloc répond, mais quelque chose ne va pas :</translation>
    </message>
    <message>
      <location filename="../gui/photo_canvas.py" />
      <source>Drop a photo or a folder here, or choose one above.</source>
      <translation>Déposez ici une photo ou un dossier, ou choisissez ci-dessus.</translation>
    </message>
    <message>
      <location filename="../gui/photo_canvas.py" />
      <source>{path}: cannot be shown ({error})</source>
      <translation>{path} : affichage impossible ({error})</translation>
    </message>
    <message>
      <location filename="../gui/photo_canvas.py" />
      <source>Click {count} corners at least.</source>
      <translation>Cliquez au moins {count} sommets.</translation>
    </message>
    <message>
      <location filename="../gui/photo_drawing.py" />
      <source>The box has no area within the photo.</source>
      <translation>Le rectangle n'a pas de surface dans la photo.</translation>
    </message>
    <message>
      <location filename="../gui/photo_drawing.py" />
      <source>A polygon needs three corners at least.</source>
      <translation>Un polygone a besoin d'au moins trois sommets.</translation>
    </message>
    <message>
      <location filename="../gui/photo_drawing.py" />
      <source>The polygon has no area within the photo.</source>
      <translation>Le polygone n'a pas de surface dans la photo.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click the object. The wheel zooms, dragging moves.</source>
      <translation>Cliquez sur l'objet. La molette zoome, glisser déplace.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Drag a box round the object. The wheel zooms, the middle button moves.</source>
      <translation>Tracez un rectangle autour de l'objet. La molette zoome, le bouton du milieu déplace.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click a point of the layer. The wheel zooms, dragging moves.</source>
      <translation>Cliquez un point pour la couche. La molette zoome, glisser déplace.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click along the line; double click, right button or Enter ends, Backspace takes one back.</source>
      <translation>Cliquez le long de la ligne ; double clic, bouton droit ou Entrée termine, Retour arrière retire un point.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click its corners; double click, right button or Enter ends, Backspace takes one back.</source>
      <translation>Cliquez sur ses sommets ; double clic, bouton droit ou Entrée termine, Retour arrière en retire un.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Photograph</source>
      <translation>Photographie</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>A photograph, or a folder of them</source>
      <translation>Une photographie, ou un dossier</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>A polygon of {count} corners.</source>
      <translation>Un polygone de {count} sommets.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>All files (*)</source>
      <translation>Tous les fichiers (*)</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Click the object</source>
      <translation>Cliquer sur l'objet</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Draw a box round the object</source>
      <translation>Dessiner un rectangle autour de l'objet</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Draw the object</source>
      <translation>Dessiner l'objet</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Previous photo</source>
      <translation>Photo précédente</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Next photo</source>
      <translation>Photo suivante</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Zoom in</source>
      <translation>Agrandir</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Zoom out</source>
      <translation>Réduire</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Show the whole photo</source>
      <translation>Montrer toute la photo</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Turn by a quarter (the view only)</source>
      <translation>Tourner d'un quart (la vue seulement)</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>The photo does not say where it was taken.</source>
      <translation>La photo ne dit pas où elle a été prise.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Clicked at {x:.1f}, {y:.1f} px.</source>
      <translation>Clic en {x:.1f}, {y:.1f} px.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>A box of {width:.0f} x {height:.0f} px.</source>
      <translation>Un rectangle de {width:.0f} x {height:.0f} px.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>It was cut at the photo's edge.</source>
      <translation>Ce qui dépassait du bord de la photo a été coupé.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>{number} of {count}</source>
      <translation>{number} sur {count}</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>Photographs ({patterns})</source>
      <translation>Photographies ({patterns})</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>{path}: there are no photographs in this folder.</source>
      <translation>{path} : il n'y a pas de photographies dans ce dossier.</translation>
    </message>
    <message>
      <location filename="../gui/photo_panel.py" />
      <source>{path}: no such file.</source>
      <translation>{path} : fichier introuvable.</translation>
    </message>
    <message>
      <location filename="../gui/reference_files.py" />
      <source>Choose the folder of an index, or search on raster layers.</source>
      <translation>Choisissez le dossier d'un index, ou recherchez sur des couches raster.</translation>
    </message>
    <message>
      <location filename="../gui/reference_files.py" />
      <source>Tick the raster layer to search on; add one to the project first.</source>
      <translation>Cochez la couche raster à examiner ; ajoutez-en d'abord une au projet.</translation>
    </message>
    <message>
      <location filename="../gui/reference_files.py" />
      <source>Go on?</source>
      <translation>Continuer ?</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Raster layers</source>
      <translation>Couches raster</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>An index</source>
      <translation>Un index</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Ticked layers are searched together. Layers of a server are rendered by QGIS for the area first.</source>
      <translation>Les couches cochées sont examinées ensemble. Les couches d'un serveur sont d'abord rendues par QGIS pour la zone.</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Add an orthophoto, a drone mosaic or a satellite image to the project first.</source>
      <translation>Ajoutez d'abord au projet une orthophoto, une mosaïque de drone ou une image satellite.</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Index made by geoloc</source>
      <translation>Index créé par geoloc</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>The folder that Build index wrote: large mosaics are answered in seconds.</source>
      <translation>Le dossier écrit par Créer un index : les grandes mosaïques répondent en quelques secondes.</translation>
    </message>
    <message>
      <location filename="../gui/reference_panel.py" />
      <source>Rendered by QGIS for the area that is searched</source>
      <translation>Rendu par QGIS pour la zone examinée</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Selected features only</source>
      <translation>Entités sélectionnées seulement</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Pick on the map</source>
      <translation>Choisir sur la carte</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source> m</source>
      <translation> m</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>within </source>
      <translation>dans un rayon de </translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>How far round the position the search goes.</source>
      <translation>Jusqu'où la recherche s'étend autour de la position.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Everywhere on the reference</source>
      <translation>Partout sur la référence</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Round the photo's GPS position</source>
      <translation>Autour de la position GPS de la photo</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>What the map shows</source>
      <translation>Ce que montre la carte</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Inside polygons</source>
      <translation>Dans des polygones</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Round a point on the map</source>
      <translation>Autour d'un point de la carte</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Add a polygon layer to the project, or choose another place to search.</source>
      <translation>Ajoutez une couche de polygones au projet, ou choisissez un autre endroit.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>no point yet</source>
      <translation>pas encore de point</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>The photo does not say where it was taken: choose another place to search.</source>
      <translation>La photo ne dit pas où elle a été prise : choisissez un autre endroit.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>Pick the point on the map round which to search.</source>
      <translation>Choisissez sur la carte le point autour duquel chercher.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>The layer {layer} has no polygons.</source>
      <translation>La couche {layer} n'a pas de polygones.</translation>
    </message>
    <message>
      <location filename="../gui/where_panel.py" />
      <source>No feature of {layer} is selected.</source>
      <translation>Aucune entité de {layer} n'est sélectionnée.</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>Points from photos</source>
      <translation>Points tirés de photos</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>Lines from photos</source>
      <translation>Lignes tirées de photos</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>Areas from photos</source>
      <translation>Surfaces tirées de photos</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>cut at the photo's edge or its far line</source>
      <translation>coupé au bord de la photo ou à sa ligne lointaine</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>Drawn in {photo}</source>
      <translation>Dessiné dans {photo}</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>The layer {name} cannot be edited.</source>
      <translation>La couche {name} ne peut pas être modifiée.</translation>
    </message>
    <message>
      <location filename="../layers/drawn.py" />
      <source>The layer {name} takes no new features.</source>
      <translation>La couche {name} n'accepte pas de nouvelles entités.</translation>
    </message>
    <message>
      <location filename="../layers/geography.py" />
      <source>The layer or map that says where to search has no CRS: set one first.</source>
      <translation>La couche ou la carte qui dit où chercher n'a pas de SCR : définissez-en un d'abord.</translation>
    </message>
    <message>
      <location filename="../layers/geography.py" />
      <source>There is no place to search here; choose another one.</source>
      <translation>Il n'y a rien à examiner ici ; choisissez un autre endroit.</translation>
    </message>
    <message>
      <location filename="../layers/geography.py" />
      <source>This place cannot be converted to longitude and latitude.</source>
      <translation>Cet endroit ne peut pas être converti en longitude et latitude.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>Many services do not allow that their tiles are stored or analysed: look at their licence first.</source>
      <translation>Beaucoup de services n'autorisent pas que leurs tuiles soient enregistrées ou analysées : lisez d'abord leur licence.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>Too large to render from online layers: choose an area of at most {side:.1f} km x {side:.1f} km.</source>
      <translation>Trop grand pour un rendu depuis des couches en ligne : choisissez une zone d'au plus {side:.1f} km x {side:.1f} km.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>QGIS will render {names} at {metres} m a pixel: {pixels:.1f} million pixels, about {tiles} tiles asked from the server.</source>
      <translation>QGIS va rendre {names} à {metres} m par pixel : {pixels:.1f} millions de pixels, environ {tiles} tuiles demandées au serveur.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>The online layers show nothing where you search.</source>
      <translation>Les couches en ligne ne montrent rien là où vous cherchez.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>This place cannot be shown in web-mercator, which online layers need.</source>
      <translation>Cet endroit ne peut pas être affiché en Web Mercator, nécessaire aux couches en ligne.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>QGIS's own Processing algorithms are missing: switch on the Processing plugin.</source>
      <translation>Les traitements de QGIS manquent : activez l'extension Processing.</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>QGIS could not render the online layers: {log}</source>
      <translation>QGIS n'a pas pu rendre les couches en ligne : {log}</translation>
    </message>
    <message>
      <location filename="../layers/online.py" />
      <source>The layer says: {rights}</source>
      <translation>La couche indique : {rights}</translation>
    </message>
    <message>
      <location filename="../layers/poses.py" />
      <source>Cameras</source>
      <translation>Caméras</translation>
    </message>
    <message>
      <location filename="../layers/poses.py" />
      <source>Footprints</source>
      <translation>Emprises</translation>
    </message>
    <message>
      <location filename="../layers/rasters.py" />
      <source>The layer {name} is not a raster file on this computer; export it as GeoTIFF first.</source>
      <translation>La couche {name} n'est pas un fichier raster de cet ordinateur ; exportez-la d'abord en GeoTIFF.</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>Located objects</source>
      <translation>Objets localisés</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>{name}: end the name with one of {suffixes}.</source>
      <translation>{name} : terminez le nom par {suffixes}.</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>Answer changed</source>
      <translation>Réponse modifiée</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>Located objects {number}</source>
      <translation>Objets localisés {number}</translation>
    </message>
    <message>
      <location filename="../layers/results.py" />
      <source>{path}: cannot be written ({error})</source>
      <translation>{path} : écriture impossible ({error})</translation>
    </message>
    <message>
      <location filename="../layers/style.py" />
      <source>best answer</source>
      <translation>meilleure réponse</translation>
    </message>
    <message>
      <location filename="../layers/style.py" />
      <source>other answers</source>
      <translation>autres réponses</translation>
    </message>
    <message>
      <location filename="../layers/style.py" />
      <source>accepted</source>
      <translation>acceptée</translation>
    </message>
    <message>
      <location filename="../layers/style.py" />
      <source>rejected</source>
      <translation>rejetée</translation>
    </message>
    <message>
      <location filename="../plugin.py" />
      <source>Click an object in a photograph and find it on the map</source>
      <translation>Cliquer sur un objet dans une photographie et le trouver sur la carte</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Reference rasters</source>
      <translation>Rasters de référence</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Ground resolution, metres a pixel</source>
      <translation>Résolution au sol, mètres par pixel</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Metres round the point, or round the photo's GPS position</source>
      <translation>Mètres autour du point, ou de la position GPS de la photo</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>The layer of polygons to search in is empty.</source>
      <translation>La couche des polygones de recherche est vide.</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Index</source>
      <translation>Index</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Search inside this extent</source>
      <translation>Rechercher dans cette emprise</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Search inside these polygons</source>
      <translation>Rechercher dans ces polygones</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Search round this point</source>
      <translation>Rechercher autour de ce point</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Search round the photo's GPS position, where it has one</source>
      <translation>Rechercher autour de la position GPS de la photo, si elle en a une</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Answers at most</source>
      <translation>Nombre maximal de réponses</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Also answers that are more likely wrong than right</source>
      <translation>Aussi les réponses plus probablement fausses que justes</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Look at every window</source>
      <translation>Regarder chaque fenêtre</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>Choose reference rasters, or an index, or both.</source>
      <translation>Choisissez des rasters de référence, ou un index, ou les deux.</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>The extent and the polygons have nothing in common.</source>
      <translation>L'emprise et les polygones n'ont rien en commun.</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>{text}, {time} left</source>
      <translation>{text}, encore {time}</translation>
    </message>
    <message>
      <location filename="../processing/base.py" />
      <source>{path}: no such photo.</source>
      <translation>{path} : photo introuvable.</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Locate objects from table</source>
      <translation>Localiser les objets d'une table</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Finds objects that are marked in photographs, one a row of a table, on a mosaic.

Table: any layer; its fields tell the photo and the click in pixels of it, from its upper left corner. A photo is a path, or a name in the folder of photos or else of the table.
Drawn objects: a row's polygon (photo_polygon, WKT) or box (photo_xmin, photo_ymin, photo_xmax and photo_ymax), in pixels of the photo, takes the place of its click.
Field with the object: rows that share a value there, in several photos, are photos of one object and one question: what they tell is joined. Its answers have the number of the row whose photo knows it best.
The output has the number of the row, the answers' fields, and an error: a row that fails, or whose object is not here, has no polygon; the others go on.
Reference rasters, index, extent, polygons, point, heights, answers, geometry, every window: as in Locate object.</source>
      <translation>Trouve sur une mosaïque des objets marqués dans des photographies, un par ligne d'une table.

Table : n'importe quelle couche ; ses champs donnent la photo et le clic en pixels, depuis le coin supérieur gauche. Une photo est un chemin, ou un nom dans le dossier des photos ou sinon de la table.
Objets dessinés : le polygone (photo_polygon, WKT) ou le rectangle (photo_xmin, photo_ymin, photo_xmax et photo_ymax) d'une ligne, en pixels de la photo, prend la place de son clic.
Champ de l'objet : les lignes qui y ont la même valeur, dans plusieurs photos, sont des photos d'un seul objet et une seule question : ce qu'elles disent est réuni. Ses réponses ont le numéro de la ligne dont la photo le connaît le mieux.
La sortie contient le numéro de la ligne, les champs des réponses, et une erreur : une ligne qui échoue, ou dont l'objet n'est pas ici, n'a pas de polygone ; les autres continuent.
Rasters de référence, index, emprise, polygones, point, hauteurs, réponses, géométrie, chaque fenêtre : comme dans Localiser un objet.</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Table of photos and clicks</source>
      <translation>Table de photos et de clics</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Field with the photo</source>
      <translation>Champ de la photo</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Field with the click's x</source>
      <translation>Champ du x du clic</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Field with the click's y</source>
      <translation>Champ du y du clic</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Field with the object that photos share</source>
      <translation>Champ de l'objet que des photos ont en commun</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Folder of photos</source>
      <translation>Dossier des photos</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Number of rows with answers</source>
      <translation>Nombre de lignes avec réponses</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>Number of rows that failed</source>
      <translation>Nombre de lignes en échec</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>The table has no row with a photo and a click, box or polygon.</source>
      <translation>La table n'a aucune ligne avec une photo et un clic, un rectangle ou un polygone.</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>not here</source>
      <translation>pas ici</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>row {number}: no photo</source>
      <translation>ligne {number} : pas de photo</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>row {number}: no click, box or polygon</source>
      <translation>ligne {number} : pas de clic, de rectangle ni de polygone</translation>
    </message>
    <message>
      <location filename="../processing/batch.py" />
      <source>row {number}: {error}</source>
      <translation>ligne {number} : {error}</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Build index</source>
      <translation>Créer un index</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Encodes a mosaic once, so that later searches of it take seconds however large it is. About 16 MB and 10 to 20 seconds a square kilometre.

Reference rasters: what is indexed, together.
Ground resolution: metres a pixel to read them at; empty for that of the network.
Extent: index only this part.
Index: a new folder. An interrupted build of the same index goes on where it stopped.
Bring up to date: the index is there and the rasters have changed; only what changed is encoded again.</source>
      <translation>Encode une mosaïque une fois, pour que les recherches suivantes durent quelques secondes quelle que soit sa taille. Environ 16 Mo et 10 à 20 secondes par kilomètre carré.

Rasters de référence : ce qui est indexé ensemble.
Résolution au sol : mètres par pixel à la lecture ; vide pour celle du réseau.
Emprise : indexer seulement cette partie.
Index : un nouveau dossier. Une création interrompue du même index reprend où elle s'était arrêtée.
Mettre à jour : l'index existe et les rasters ont changé ; seul ce qui a changé est encodé de nouveau.</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>{encoded} blocks encoded, {completed} completed, {kept} there already, {size:.1f} MB</source>
      <translation>{encoded} blocs encodés, {completed} complétés, {kept} déjà présents, {size:.1f} Mo</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Index only this extent</source>
      <translation>Indexer seulement cette emprise</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Bring an index that is there up to date</source>
      <translation>Mettre à jour un index existant</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Number of blocks encoded</source>
      <translation>Nombre de blocs encodés</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Size in MB</source>
      <translation>Taille en Mo</translation>
    </message>
    <message>
      <location filename="../processing/build_index.py" />
      <source>Choose reference rasters to index.</source>
      <translation>Choisissez des rasters de référence à indexer.</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>Check environment</source>
      <translation>Vérifier l'environnement</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>Starts geoloc and tells its version, its Python and its packages. Where geoloc is, and how to install it, stands in Settings &gt; Options &gt; Geoloc.</source>
      <translation>Démarre geoloc et indique sa version, son Python et ses paquets. Où se trouve geoloc, et comment l'installer, est indiqué dans Préférences &gt; Options &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>Version of geoloc</source>
      <translation>Version de geoloc</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>Its Python</source>
      <translation>Son Python</translation>
    </message>
    <message>
      <location filename="../processing/check_environment.py" />
      <source>missing</source>
      <translation>absent</translation>
    </message>
    <message>
      <location filename="../processing/drape_photo.py" />
      <source>Lay photo over the map</source>
      <translation>Poser une photo sur la carte</translation>
    </message>
    <message>
      <location filename="../processing/drape_photo.py" />
      <source>Writes what a photo shows of the ground as a GeoTIFF in the mosaic's CRS, by the matches that verify the photo. It is transparent beyond the photo and its far line; what stands up leans away from the camera, as it does in the photo.

Photo: from a drone or from the ground, no panorama.
Reference rasters, index, extent, polygons, point: as in Locate object.
An error says where the photo is not here.</source>
      <translation>Écrit ce qu'une photo montre du sol comme GeoTIFF dans le SCR de la mosaïque, d'après les correspondances qui vérifient la photo. Il est transparent au-delà de la photo et de sa ligne lointaine ; ce qui s'élève penche à l'opposé de la caméra, comme dans la photo.

Photo : prise d'un drone ou du sol, pas de panorama.
Rasters de référence, index, étendue, polygones, point : comme dans Localiser un objet.
Une erreur dit si la photo n'est pas ici.</translation>
    </message>
    <message>
      <location filename="../processing/drape_photo.py" />
      <source>Photo</source>
      <translation>Photo</translation>
    </message>
    <message>
      <location filename="../processing/drape_photo.py" />
      <source>Photo on the map</source>
      <translation>Photo sur la carte</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Locate object</source>
      <translation>Localiser un objet</translation>
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
      <translation>Trouve sur une mosaïque un objet marqué dans une photographie, et donne son polygone avec un score et une erreur en mètres que neuf réponses sur dix respectent.

Photo : prise d'un drone ou du sol.
Clic : pixels de la photo telle qu'elle doit être vue (orientation EXIF appliquée), depuis le coin supérieur gauche.
Rectangle, polygone : au lieu du clic, l'objet tel qu'il est dessiné dans la photo, dans les mêmes pixels : coins opposés d'un rectangle, par exemple 12,20,40,52, ou tous les sommets d'un polygone, par exemple 12,20 40,20 26,52.
Rasters de référence : GeoTIFF et autres fichiers raster, examinés ensemble. Index : un dossier écrit par Créer un index, à leur place ou en plus.
Emprise, polygones, point : où chercher ; tout ce qui est donné vaut à la fois. La position GPS de la photo compte si aucun point n'est donné.
Hauteurs du sol : un raster de hauteurs, par exemple un MNS ; avec l'altitude GPS de la photo il dit à quelle hauteur un drone était au-dessus du sol.
Réponses : la meilleure a le rang 1. Rien n'est écrit si rien n'est sûrement l'objet (le meilleur score est alors une sortie), sauf si les réponses douteuses sont demandées.
Géométrie : les réponses sont reportées exactement là où les détails de la photo et de la mosaïque concordent.
Chaque fenêtre : une référence est examinée en deux étapes, un coup d'œil à toutes les fenêtres et un examen attentif des plus prometteuses ; ici toutes sont examinées attentivement, ce qui est lent.</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Not here: nothing that was searched is surely the object; the best score was {score}.</source>
      <translation>Pas ici : rien de ce qui a été examiné n'est sûrement l'objet ; le meilleur score était {score}.</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Click: x in pixels</source>
      <translation>Clic : x en pixels</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Click: y in pixels</source>
      <translation>Clic : y en pixels</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Box: x,y,x,y in pixels</source>
      <translation>Rectangle : x,y,x,y en pixels</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Polygon: x,y x,y x,y in pixels</source>
      <translation>Polygone : x,y x,y x,y en pixels</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Located object</source>
      <translation>Objet localisé</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Number of answers</source>
      <translation>Nombre de réponses</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Best score</source>
      <translation>Meilleur score</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>Give the object's click, or its box, or its polygon: one of them.</source>
      <translation>Donnez un clic, un rectangle ou un polygone de l'objet : un seul des trois.</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>{text}: a box is x,y,x,y, and a polygon x,y x,y x,y, in pixels of the photo.</source>
      <translation>{text} : un rectangle est x,y,x,y, un polygone x,y x,y x,y, en pixels de la photo.</translation>
    </message>
    <message>
      <location filename="../processing/locate.py" />
      <source>A click is both x and y.</source>
      <translation>Un clic a un x et un y.</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Map features drawn in a photo</source>
      <translation>Reporter sur la carte ce qui est dessiné dans une photo</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Carries points, lines and polygons that were drawn in a photo over to the map, or features of a map into a photo, by the matches that verify the photo.

Photo: from a drone or from the ground, no panorama.
Features: in pixels of the photo as it is meant to be seen, from its upper left corner; layers that were drawn over the photo in QGIS, which count downwards below 0, fit too. For the way back a layer in any CRS.
The output has their fields, with query_ before names that it needs itself, and accuracy_m: every vertex is nearer to its true place, in nine cases of ten; vertices_accuracy_m tells each one's. What reaches beyond the photo or its far line is cut, and note says so; it also tells what comes to lie outside the rasters. Of a photo that is not here, features have no shape.
Reference rasters, index, extent, polygons, point: as in Locate object.</source>
      <translation>Reporte sur la carte des points, lignes et polygones dessinés dans une photo, ou des entités d'une carte dans une photo, d'après les correspondances qui vérifient la photo.

Photo : prise d'un drone ou du sol, pas de panorama.
Entités : en pixels de la photo telle qu'elle doit être vue, depuis son coin supérieur gauche ; les couches dessinées sur la photo dans QGIS, qui comptent vers le bas sous 0, conviennent aussi. Pour le retour, une couche dans n'importe quel SCR.
Le résultat a leurs champs, avec query_ devant les noms dont il a lui-même besoin, et accuracy_m : chaque sommet est plus près de son vrai lieu, neuf fois sur dix ; vertices_accuracy_m le dit de chacun. Ce qui dépasse la photo ou sa ligne lointaine est coupé, et note le dit, comme ce qui tombe hors des rasters. Si la photo n'est pas ici, les entités n'ont pas de forme.
Rasters de référence, index, étendue, polygones, point : comme dans Localiser un objet.</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Features</source>
      <translation>Entités</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>From the map into the photo</source>
      <translation>De la carte dans la photo</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Carried over</source>
      <translation>Reporté</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>Number of features carried over</source>
      <translation>Nombre d'entités reportées</translation>
    </message>
    <message>
      <location filename="../processing/map_features.py" />
      <source>The layer of features is empty.</source>
      <translation>La couche des entités est vide.</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Photo poses</source>
      <translation>Poses de photos</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Tells where photos were taken, how high over the ground, which way and how tilted they look, and what of the ground they show. Nothing is clicked for that: details of photo and mosaic that agree tell it.

Photos: files, no panoramas.
Cameras: a point a photo; nine of ten errors are smaller than those told. A photo that is not here, or cannot be used, is a row without a point.
Footprints: the ground that each photo shows, up to its far line.
Heights of the ground: a raster of heights, such as a DSM, on which lines of sight end; without it the ground is taken as a plane.
Reference rasters, index, extent, polygons, point: as in Locate object.</source>
      <translation>Dit où des photos ont été prises, à quelle hauteur au-dessus du sol, dans quelle direction et avec quelle inclinaison, et ce qu'elles montrent du sol. Rien n'est cliqué pour cela : les détails de la photo et de la mosaïque qui concordent le disent.

Photos : des fichiers, pas de panoramas.
Caméras : un point par photo ; neuf erreurs sur dix sont plus petites que celles indiquées. Une photo qui n'est pas ici, ou inutilisable, est une ligne sans point.
Emprises : le sol que montre chaque photo, jusqu'à sa ligne lointaine.
Hauteurs du sol : un raster de hauteurs, par exemple un MNS, sur lequel finissent les lignes de visée ; sans lui le sol est pris pour un plan.
Rasters de référence, index, étendue, polygones, point : comme dans Localiser un objet.</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Photos</source>
      <translation>Photos</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Number of photos found</source>
      <translation>Nombre de photos trouvées</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Number of photos that failed</source>
      <translation>Nombre de photos en échec</translation>
    </message>
    <message>
      <location filename="../processing/photo_pose.py" />
      <source>Choose photos.</source>
      <translation>Choisissez des photos.</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Tile plan</source>
      <translation>Plan des tuiles</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Shows the windows that a search of a mosaic would look at: blocks of web-mercator tiles that overlap by half.

Reference rasters: what would be searched, together.
Ground resolution: metres a pixel; empty for that of the network.
Extent: plan only this part.</source>
      <translation>Montre les fenêtres qu'une recherche examinerait sur une mosaïque : des blocs de tuiles Web Mercator qui se recouvrent de moitié.

Rasters de référence : ce qui serait examiné ensemble.
Résolution au sol : mètres par pixel ; vide pour celle du réseau.
Emprise : planifier seulement cette partie.</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Plan only this extent</source>
      <translation>Planifier seulement cette emprise</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Windows</source>
      <translation>Fenêtres</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Number of windows</source>
      <translation>Nombre de fenêtres</translation>
    </message>
    <message>
      <location filename="../processing/tile_plan.py" />
      <source>Choose reference rasters to plan for.</source>
      <translation>Choisissez des rasters de référence à planifier.</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>This geoloc speaks another protocol than the plugin: bring both up to date.</source>
      <translation>Ce geoloc parle un autre protocole que l'extension : mettez les deux à jour.</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>geoloc is not installed for {program}: see Settings &gt; Options &gt; Geoloc.</source>
      <translation>geoloc n'est pas installé pour {program} : voir Préférences &gt; Options &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>geoloc ended unexpectedly (signal {number}; was there too little memory?): {last}</source>
      <translation>geoloc s'est arrêté de façon inattendue (signal {number} ; mémoire insuffisante ?) : {last}</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>geoloc ended unexpectedly (exit code {number}): {last}</source>
      <translation>geoloc s'est arrêté de façon inattendue (code {number}) : {last}</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>{program} cannot be started ({reason}): see Settings &gt; Options &gt; Geoloc.</source>
      <translation>{program} ne peut pas être démarré ({reason}) : voir Préférences &gt; Options &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/client.py" />
      <source>{program} gave no answer in {seconds} s: is geoloc installed there?</source>
      <translation>{program} n'a pas répondu en {seconds} s : geoloc y est-il installé ?</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>This Python cannot make environments: install its package venv (on Debian and Ubuntu: apt install python3-venv) and try again.</source>
      <translation>Ce Python ne peut pas créer d'environnement : installez son paquet venv (sous Debian et Ubuntu : apt install python3-venv) et réessayez.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>The server's certificate is not trusted: the network may inspect connections. Ask its administrator for the certificate and set PIP_CERT to it, or install from a folder of wheels.</source>
      <translation>Le certificat du serveur n'est pas reconnu : le réseau inspecte peut-être les connexions. Demandez le certificat à son administrateur et indiquez-le dans PIP_CERT, ou installez depuis un dossier de wheels.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>The proxy refuses the connection: check its address, user and password in the proxy settings of QGIS.</source>
      <translation>Le proxy refuse la connexion : vérifiez son adresse, l'utilisateur et le mot de passe dans les réglages de proxy de QGIS.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>The disk is full: geoloc needs at least 2 GB. Make room, or choose another folder.</source>
      <translation>Le disque est plein : geoloc a besoin d'au moins 2 Go. Faites de la place, ou choisissez un autre dossier.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>A file is held by another program, such as a virus scanner or another QGIS: close it and try again.</source>
      <translation>Un fichier est retenu par un autre programme, comme un antivirus ou un autre QGIS : fermez-le et réessayez.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>This folder cannot be written: choose another one.</source>
      <translation>Impossible d'écrire dans ce dossier : choisissez-en un autre.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>The index of packages cannot be reached: check the network and the proxy, or install from a folder of wheels.</source>
      <translation>L'index de paquets est inaccessible : vérifiez le réseau et le proxy, ou installez depuis un dossier de wheels.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>What is to be installed is not there, or not for this Python and computer: check the name, the index or the folder of wheels, and that Python is 3.11 or newer.</source>
      <translation>Ce qu'il faut installer n'est pas disponible, ou pas pour ce Python et cet ordinateur : vérifiez le nom, l'index ou le dossier de wheels, et que Python est 3.11 ou plus récent.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>This wheel or folder is another project's, or an old geoloc's: give that of geoloc-crossview.</source>
      <translation>Ce wheel ou ce dossier est celui d'un autre projet ou d'un ancien geoloc : indiquez celui de geoloc-crossview.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>A wheel is damaged: fetch it again.</source>
      <translation>Un wheel est endommagé : récupérez-le de nouveau.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>What is to be installed is not there: give the path of a wheel, a folder, or the name of a package.</source>
      <translation>Ce qu'il faut installer n'est pas là : indiquez le chemin d'un wheel, un dossier, ou le nom d'un paquet.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>There was too little memory: close other programs and try again.</source>
      <translation>La mémoire était insuffisante : fermez d'autres programmes et réessayez.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: has no Python beside it; give that of its environment in Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path} : pas de Python à côté ; indiquez celui de son environnement dans Préférences &gt; Options &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>It failed: {line}</source>
      <translation>Échec : {line}</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{name}: neither a file or folder that is there, nor geoloc's name, which is geoloc-crossview; what the public index of Python packages calls geoloc is another project.</source>
      <translation>{name} : ni un fichier ou un dossier existant, ni le nom de geoloc, qui est geoloc-crossview ; ce que l'index public des paquets Python appelle geoloc est un autre projet.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: the environment was not finished; create it again in Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path} : l'environnement n'a pas été terminé ; recréez-le dans Préférences &gt; Options &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: no such file; see Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path} : fichier introuvable ; voir Préférences &gt; Options &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: is no program; see Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path} : n'est pas un programme ; voir Préférences &gt; Options &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>No Python 3.11 or newer was found: install one and give its path.</source>
      <translation>Aucun Python 3.11 ou plus récent n'a été trouvé : installez-en un et indiquez son chemin.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: holds other files; choose an empty or a new folder.</source>
      <translation>{path} : contient d'autres fichiers ; choisissez un dossier vide ou nouveau.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: cannot be written ({error}); choose another folder.</source>
      <translation>{path} : écriture impossible ({error}) ; choisissez un autre dossier.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>It failed and said nothing.</source>
      <translation>Échec, sans aucun message.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path} cannot be started ({error}); give another Python.</source>
      <translation>{path} ne peut pas être démarré ({error}) ; indiquez un autre Python.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>Give the wheel or the folder of geoloc, or the name geoloc-crossview and the index or the folder of wheels that has it: the public index of Python packages does not.</source>
      <translation>Indiquez le wheel ou le dossier de geoloc, ou le nom geoloc-crossview et l'index ou le dossier de wheels qui le contient : l'index public des paquets Python ne le contient pas.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>geoloc is not installed yet: open Settings &gt; Options &gt; Geoloc to install it.</source>
      <translation>geoloc n'est pas encore installé : ouvrez Préférences &gt; Options &gt; Geoloc pour l'installer.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>{path}: no Python environment; see Settings &gt; Options &gt; Geoloc.</source>
      <translation>{path} : pas d'environnement Python ; voir Préférences &gt; Options &gt; Geoloc.</translation>
    </message>
    <message>
      <location filename="../worker/environment.py" />
      <source>Cancelled; nothing was installed.</source>
      <translation>Annulé ; rien n'a été installé.</translation>
    </message>
    <message>
      <location filename="../worker/setup_task.py" />
      <source>Install geoloc</source>
      <translation>Installer geoloc</translation>
    </message>
    <message>
      <location filename="../worker/setup_task.py" />
      <source>Check geoloc</source>
      <translation>Vérifier geoloc</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Loading the network ...</source>
      <translation>Chargement du réseau ...</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Looking at the reference ...</source>
      <translation>Examen de la référence ...</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Matching the photo with the reference ...</source>
      <translation>Mise en correspondance de la photo avec la référence ...</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Searching:</source>
      <translation>Recherche :</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Checking the answers by geometry ...</source>
      <translation>Vérification des réponses par la géométrie ...</translation>
    </message>
    <message>
      <location filename="../worker/worker_task.py" />
      <source>Working ...</source>
      <translation>En cours ...</translation>
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
      <translation>encore {time}</translation>
    </message>
  </context>
</TS>
